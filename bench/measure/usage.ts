import { readFileSync } from 'node:fs';

/** Clock ticks of /proc, which are hundredths of a second on every Linux. */
const ticksPerSecond = 100;

/** Seconds of CPU that the process has used so far; all its threads, user and system. */
const cpuSeconds = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field, the name, may hold spaces; the 14th and 15th are what we are after.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
};

/** The most memory that was ever resident, in MB; 0 of a process that has ended. */
export const peakMemory = (pid: number): number => {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
};

/** CPU in cores and memory at its peak in MB, by the name of the process. */
export type Usage = Record<string, { cores: number; megabytes: number }>;

/** Looks at the processes now; the answer, asked for later, says what they used in between. */
export const observe = (pids: Record<string, number | undefined>): (() => Usage) => {
  const began = performance.now();
  const known = Object.entries(pids).flatMap(([name, pid]) => (pid === undefined ? [] : [{ name, pid }]));
  const before = known.map(({ pid }) => cpuSeconds(pid));
  return () => {
    const seconds = (performance.now() - began) / 1000;
    return Object.fromEntries(
      known.map(({ name, pid }, i) => [
        name,
        { cores: (cpuSeconds(pid) - (before[i] as number)) / seconds, megabytes: peakMemory(pid) },
      ]),
    );
  };
};
