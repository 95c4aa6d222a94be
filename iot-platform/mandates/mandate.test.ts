import { describe, expect, it } from 'vitest';
import type { MandateChanged } from '../../contracts/events/connection-mandate-changed/upcasters.ts';
import { contradicts, evolve, type Mandate } from './mandate.ts';

const time = '2026-11-21T12:00:00.000Z';
const changed = (connectionId: string, connectionMandate: '0' | '1' | '2', revision: number): MandateChanged => ({
  data: { connectionId, connectionMandate },
  revision,
  time,
});
const given = (...history: MandateChanged[]) => ({
  when: (...changes: MandateChanged[]) => ({
    // biome-ignore lint/suspicious/noThenProperty: given, when, then
    then: (connectionMandate: string, revision: number) => {
      const held = [...history, ...changes].reduce<Mandate | undefined>(evolve, undefined);
      expect(held).toMatchObject({ connectionMandate, revision });
    },
  }),
});

describe('a mandate', () => {
  it('is the one of the first change', () =>
    given()
      .when(changed('7733', '1', 10))
      .then('1', 10));

  it('is replaced by a newer change', () =>
    given(changed('7733', '1', 10))
      .when(changed('7733', '2', 20))
      .then('2', 20));

  it('stays when an older change arrives late', () =>
    given(changed('7733', '2', 20))
      .when(changed('7733', '1', 10))
      .then('2', 20));

  it('is the very same document when nothing changes', () => {
    const held = evolve(undefined, changed('7733', '2', 20));
    expect(evolve(held, changed('7733', '2', 20))).toBe(held);
    expect(evolve(held, changed('7733', '1', 10))).toBe(held);
  });

  it('is the lower one when a revision has two values, in either order of delivery', () => {
    given(changed('7733', '2', 20))
      .when(changed('7733', '1', 20))
      .then('1', 20);
    given(changed('7733', '1', 20))
      .when(changed('7733', '2', 20))
      .then('1', 20);
    expect(contradicts(evolve(undefined, changed('7733', '2', 20)), changed('7733', '1', 20))).toBe(true);
  });
});
