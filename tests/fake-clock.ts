import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installPackages } from '../scripts/stack/debian-package.ts';
import { dataFolder } from './platform-process.ts';

/** An offset in the format of libfaketime: `+1d`, `-90m`, `+30s`. */
export type ClockOffset = `${'+' | '-'}${number}${'s' | 'm' | 'h' | 'd'}`;
type Environment = Record<string, string>;

/** Debian installs the library in a folder named after the architecture. */
const findLibrary = (): string | undefined =>
  readdirSync('/usr/lib')
    .map((folder) => join('/usr/lib', folder, 'faketime/libfaketimeMT.so.1'))
    .find((file) => existsSync(file));

/** Whether a process can have another wall clock; installs libfaketime where it is missing. @throws Error under CI if not */
export const canFakeClocks = async (): Promise<boolean> => {
  try {
    if (process.platform !== 'linux') throw new Error('libfaketime is preloaded on Linux only.');
    if (!findLibrary()) await installPackages(['libfaketime'], (line) => void process.stderr.write(`${line}\n`));
    if (!findLibrary()) throw new Error('libfaketime is installed, but its library is not below /usr/lib.');
    return true;
  } catch (error) {
    if (process.env.CI) throw error;
    console.warn(`skipped: tests with another wall clock. ${(error as Error).message}`);
    return false;
  }
};

/** Monotonic clocks and timers stay real. Go programs such as daprd call the kernel directly, so libfaketime has no effect. */
const preload = (): Environment => ({ LD_PRELOAD: String(findLibrary()), FAKETIME_DONT_FAKE_MONOTONIC: '1' });

/** The environment of a process, and its children, whose wall clock differs from the machine's by `offset`. */
export const fakeClock = (offset: ClockOffset): Environment => ({ ...preload(), FAKETIME: offset });

/** The environment of processes whose wall clock can jump: `jump` sets its difference from the machine's clock. */
export const createJumpingClock = (offset: ClockOffset = '+0s'): { env: Environment; jump(to: ClockOffset): void } => {
  const file = join(dataFolder(), 'clock');
  const jump = (to: ClockOffset) => {
    // Renaming replaces the file atomically, so a process never reads a partial offset.
    writeFileSync(`${file}.next`, `${to}\n`);
    renameSync(`${file}.next`, file);
  };
  jump(offset);
  return { env: { ...preload(), FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1' }, jump };
};
