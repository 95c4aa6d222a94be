import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { stackReady } from '../stack/stack.ts';
import { torture } from './run-chaos.ts';

const seed = Number(process.env.TORTURE_SEED || randomInt(1_000_000));

describe.runIf(await stackReady())(`a short torture (TORTURE_SEED=${seed} plans the same)`, () => {
  it('leaves every view right, loses no answered change, shows nothing older than before and sets nothing aside', async () => {
    const lines: string[] = [];
    const say = (line: string) => void lines.push(line);
    const { wrong } = await torture({ seed, roundMs: 20_000, disturbances: 3, goOn: (rounds) => rounds === 0, say });
    expect(wrong, lines.join('\n')).toEqual([]);
  });
});
