import { type RunningProcess, waitForOutput } from '../../tests/platform-process.ts';
import { startMeasuring } from '../measure/usage.ts';
import type { Run } from './subject.ts';

/** Measures a program that prints `first` at its first event, and `done` with the seconds since then after its last. */
export const measureProgram = async (
  program: RunningProcess,
  events: number,
  otherPids: Record<string, number | undefined>,
): Promise<Run> => {
  await waitForOutput(program, /^first$/m);
  const used = startMeasuring({ program: program.pid, ...otherPids });
  const [seconds] = await waitForOutput(program, /^done ([\d.]+)$/m);
  return { events, seconds: Number(seconds), usage: used() };
};
