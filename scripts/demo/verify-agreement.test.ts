import { expect, it } from 'vitest';
import { reportAgreement } from './run-demo.ts';
import { findDisagreements } from './verify-agreement.ts';

const event = { topic: 't', partition: 0, offset: 0, time: '', revision: 5, level: '2' };
const explanation = {
  events: [event],
  sides: [
    { side: 'CRM', level: '2', revision: 5, where: 'customer 7' },
    { side: 'view', level: '2', revision: 5, where: 'generation 1' },
  ],
  agree: true,
  sentences: ['Log, CRM and view agree.'],
};
const change = { connectionId: '7733', level: '2', revision: 5 };
const compare = (answered: (typeof change)[], changed: Partial<typeof explanation> = {}) =>
  findDisagreements(answered, new Map([['7733', { ...explanation, ...changed }]]));
const [crm, view] = explanation.sides;

it('nothing differs where each answered change is in the log, and the sides agree', () =>
  expect(compare([change])).toEqual([]));

it.each([
  ['an answered change is not in the log', [change, { ...change, revision: 4 }], {}, /revision 4, is not in the log/],
  ['the log has another mandate', [{ ...change, level: '0' }], {}, /is in the log as 2/],
  ['the sides differ', [change], { agree: false, sentences: ['The CRM has 2.'] }, /^7733: The CRM has 2\./],
  ['the view is older', [change], { sides: [crm, { ...view, revision: 4 }] }, /the view has revision 4.*answered 5/],
  ['the view has nothing', [change], { sides: [crm, { ...view, revision: '' }] }, /the view has revision none/],
])('reports where %s', (_, answered, changed, sentence) => {
  expect(compare(answered, changed as Partial<typeof explanation>)).toEqual([expect.stringMatching(sentence)]);
});

it('prints each difference, and that it must be reported', () => {
  const lines: string[] = [];
  const explain = (line: string) => void lines.push(line);
  expect(reportAgreement(['a differs'], { answered: 1, connections: 1 }, { explain })).toBe(false);
  expect(lines.join('\n')).toMatch(/They do not agree.*\n {2}a differs$/);
  expect(reportAgreement([], { answered: 9, connections: 8 }, { explain })).toBe(true);
  expect(lines.at(-1)).toContain('all 9 answered changes');
});
