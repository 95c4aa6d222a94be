import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isStackReady } from '../stack/stack.ts';
import { runChaos } from './run-chaos.ts';

const seed = Number(process.env.TORTURE_SEED || randomInt(1_000_000));

describe.runIf(await isStackReady())(`a short chaos test (TORTURE_SEED=${seed} plans the same)`, () => {
  it('leaves every view right, loses no answered change, shows no older revision and dead-letters nothing', async () => {
    const lines: string[] = [];
    const report = (line: string) => void lines.push(line);
    const { wrong } = await runChaos({
      seed,
      roundMs: 20_000,
      disturbances: 3,
      shouldContinue: (rounds) => rounds === 0,
      report,
    });
    expect(wrong, lines.join('\n')).toEqual([]);
  });
});
