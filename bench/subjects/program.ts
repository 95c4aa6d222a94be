import { type Started, said } from '../../tests/platform-process.ts';
import { observe } from '../measure/usage.ts';
import type { Pass } from './subject.ts';

/** Measures a program that says `first` at its first event and `done` with the seconds since then after its last. */
export const measureProgram = async (
  program: Started,
  events: number,
  beside: Record<string, number | undefined>,
): Promise<Pass> => {
  await said(program, /^first$/m);
  const used = observe({ program: program.pid, ...beside });
  const [seconds] = await said(program, /^done ([\d.]+)$/m);
  return { events, seconds: Number(seconds), usage: used() };
};
