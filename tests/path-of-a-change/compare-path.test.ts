import { describe, expect, it } from 'vitest';
import { comparePath } from './compare-path.ts';
import { readDocumentedPath } from './documented-path.ts';

const route = '| 1 | `handle` | [crm/routes.ts](../crm/routes.ts) | Calls the [rules](../crm/rules.ts). |';
const write = '| 2 | `write` | [crm/write.ts](../crm/write.ts) | Writes the row. |';
const publish = '| 3 | `publish` | [crm/publish.ts](../crm/publish.ts) | Publishes the event. |';
const document = `# Architecture

## The path of a change

| | function | file | what happens |
|---|---|---|---|
${route}
${write}
${publish}

### On Dapr and Kafka

| 3 | \`publish\` | [packages/dapr/bus.ts](../packages/dapr/bus.ts) | Calls the sidecar. |

### Left out

- [http](../packages/http/)

### In the background

- [timers](../crm/timers/)

## The event

| 4 | \`other\` | [crm/other.ts](../crm/other.ts) | Is another section. |
`;
const recorded = {
  calls: [
    { file: 'crm/publish.ts', name: 'poll' },
    { file: 'crm/routes.ts', name: 'handle' },
    { file: 'crm/write.ts', name: 'write' },
    { file: 'crm/publish.ts', name: 'publish' },
  ],
  files: ['crm/publish.ts', 'packages/http/server/app.ts', 'crm/routes.ts', 'crm/rules.ts', 'crm/write.ts'],
};
const differences = (text: string, recording = recorded) => comparePath(readDocumentedPath(text), recording);
const renumber = (row: string, number: number) => row.replace(/\d/, String(number));

describe('the documented path of a change', () => {
  it('agrees with the calls', () => expect(differences(document)).toEqual([]));

  it('agrees when something ran in the background', () =>
    expect(differences(document, { ...recorded, files: [...recorded.files, 'crm/timers/timer.ts'] })).toEqual([]));

  it('is read with the functions that are used on Dapr', () =>
    expect(readDocumentedPath(document).onDapr).toEqual([
      { number: 3, name: 'publish', file: 'packages/dapr/bus.ts', alsoCalled: [] },
    ]));

  it.each([
    '| 2b | `write` | [crm/write.ts](../crm/write.ts) | Has no number. |',
    '| 4 | write | Has no function. |',
  ])('is refused with a row that is no stop: %s', (row) =>
    expect(() => readDocumentedPath(document.replace(`${write}\n`, `${row}\n`))).toThrow(row));

  it.each([
    [
      'lacks a stop',
      document.replace(`${write}\n`, '').replace(publish, renumber(publish, 2)),
      ['crm/write.ts is called and not mentioned'],
    ],
    [
      'has two stops in the wrong order',
      document.replace(`${write}\n${publish}`, `${renumber(publish, 2)}\n${renumber(write, 3)}`),
      ['stop 3, write in crm/write.ts, is called before the stop above it'],
    ],
    [
      'names a function that was renamed',
      document.replace('`write`', '`writeRow`'),
      ['stop 2, writeRow in crm/write.ts, is not called'],
    ],
    [
      'names a file that was moved',
      document.replaceAll('crm/write.ts', 'crm/rows/write.ts'),
      [
        'stop 2, write in crm/rows/write.ts, is not called',
        'nothing in crm/rows/write.ts is called',
        'crm/write.ts is called and not mentioned',
      ],
    ],
    [
      'has a stop that does not exist',
      document.replace(publish, `${publish}\n| 4 | \`seal\` | [crm/write.ts](../crm/write.ts) | Seals the row. |`),
      ['stop 4, seal in crm/write.ts, is not called'],
    ],
    [
      'has a stop without the right number',
      document.replace(publish, renumber(publish, 4)),
      ['stop 4, publish in crm/publish.ts, has the wrong number'],
    ],
    [
      'does not mention a file on the way',
      document.replace('Calls the [rules](../crm/rules.ts).', ''),
      ['crm/rules.ts is called and not mentioned'],
    ],
    [
      'leaves out a folder that is not called',
      document.replace('packages/http/', 'packages/csv/'),
      ['nothing in packages/csv/ is called', 'packages/http/server/app.ts is called and not mentioned'],
    ],
    [
      'leaves out a folder that has a stop',
      document.replace('../crm/timers/', '../crm/'),
      ['crm/ is left out and is on the path'],
    ],
  ])('differs where it %s', (_, text, expected) => expect(differences(text)).toEqual(expected));

  it('needs its headings', () =>
    expect(() => readDocumentedPath('# Architecture\n')).toThrow('## The path of a change'));
});
