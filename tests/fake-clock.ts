import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installPackages } from '../scripts/stack/debian-package.ts';
import { dataFolder } from './platform-process.ts';

/** As libfaketime reads it: `+1d`, `-90m`, `+30s`. */
export type ClockOffset = `${'+' | '-'}${number}${'s' | 'm' | 'h' | 'd'}`;
type Environment = Record<string, string>;

/** Debian keeps the library in a folder of the architecture. */
const findLibrary = (): string | undefined =>
  readdirSync('/usr/lib')
    .map((folder) => join('/usr/lib', folder, 'faketime/libfaketimeMT.so.1'))
    .find((file) => existsSync(file));

/**
 * Whether a process can be started with a wall clock of its own; installs libfaketime where it is missing. Under CI it has
 * to be possible.
 */
export const canFakeClocks = async (): Promise<boolean> => {
  try {
    if (process.platform !== 'linux') throw new Error('libfaketime is preloaded on Linux only.');
    if (!findLibrary()) await installPackages(['libfaketime'], (line) => void process.stderr.write(`${line}\n`));
    if (!findLibrary()) throw new Error('libfaketime is installed, but its library is not below /usr/lib.');
    return true;
  } catch (error) {
    if (process.env.CI) throw error;
    console.warn(`skipped: what needs a process with a clock of its own. ${(error as Error).message}`);
    return false;
  }
};

/** Monotonic clocks and timers stay real. Go programs such as daprd ask the kernel themselves and ignore it. */
const preload = (): Environment => ({ LD_PRELOAD: String(findLibrary()), FAKETIME_DONT_FAKE_MONOTONIC: '1' });

/** Environment variables for a process, and its children, whose wall clock differs from the machine's by `offset`. */
export const fakeClock = (offset: ClockOffset): Environment => ({ ...preload(), FAKETIME: offset });

/**
 * Environment variables for processes whose wall clock jumps while they run, each time `jump` is called; `jump` sets the
 * difference from the machine's clock.
 */
export const createJumpingClock = (offset: ClockOffset = '+0s'): { env: Environment; jump(to: ClockOffset): void } => {
  const file = join(dataFolder(), 'clock');
  const jump = (to: ClockOffset) => {
    // Renamed into place, so that a process never reads half of it.
    writeFileSync(`${file}.next`, `${to}\n`);
    renameSync(`${file}.next`, file);
  };
  jump(offset);
  return { env: { ...preload(), FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1' }, jump };
};
