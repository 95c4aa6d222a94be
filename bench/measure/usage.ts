import { readFileSync } from 'node:fs';

/** Clock ticks in /proc are hundredths of a second on every Linux. */
const ticksPerSecond = 100;

/** The CPU time in seconds that all threads of the process have used so far, user and system. */
const cpuSeconds = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field, the name, may contain spaces. The 14th and 15th fields are the CPU times.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
};

/** The peak resident memory in MB; 0 for a process that has ended. */
export const peakMemory = (pid: number): number => {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
};

/** CPU in cores and peak memory in MB, by the name of the process. Several processes with one name count together. */
export type Usage = Record<string, { cores: number; megabytes: number }>;

/** Starts measuring the processes. @returns a function that reads their usage since the start */
export const startMeasuring = (pids: Record<string, number | readonly number[] | undefined>): (() => Usage) => {
  const began = performance.now();
  const known = Object.entries(pids).flatMap(([name, held]) =>
    held === undefined ? [] : [{ name, pids: [held].flat() }],
  );
  const sum = (some: readonly number[], read: (pid: number) => number) =>
    some.reduce((total, pid) => total + read(pid), 0);
  const before = known.map((one) => sum(one.pids, cpuSeconds));
  return () => {
    const seconds = (performance.now() - began) / 1000;
    return Object.fromEntries(
      known.map((one, i) => [
        one.name,
        {
          cores: (sum(one.pids, cpuSeconds) - (before[i] as number)) / seconds,
          megabytes: sum(one.pids, peakMemory),
        },
      ]),
    );
  };
};
