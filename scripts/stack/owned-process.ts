import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from './part.ts';
import { waitUntil } from './wait-until.ts';

/** The boot and the clock tick at which the process began: with these a reused pid is not taken for ours. */
export type OwnedProcess = { pid: number; began: string };

const recordOf = (folder: string): string => join(folder, 'process.json');
export const logOf = (folder: string): string => join(folder, 'output.log');

/** Starts a process that outlives us, writes its output to the log in the folder, and records it there. */
export const startProcess = (folder: string, { program, args, env }: Command): OwnedProcess => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const log = openSync(logOf(folder), 'w', 0o600);
  const child = spawn(program, args, {
    cwd: folder,
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...env },
  });
  closeSync(log);
  child.once('error', () => {}); // what cannot be started has no pid
  child.unref();
  const began = child.pid && beginning(child.pid);
  if (!child.pid || !began) throw new Error(`${program} could not be started; see ${logOf(folder)}.`);
  const owned = { pid: child.pid, began };
  writeFileSync(recordOf(folder), JSON.stringify(owned), { mode: 0o600 });
  return owned;
};

/** The process that we started in this folder, if it still runs. */
export const ownedProcess = (folder: string): OwnedProcess | undefined => {
  try {
    const owned: OwnedProcess = JSON.parse(readFileSync(recordOf(folder), 'utf8'));
    return isAlive(owned) ? owned : undefined;
  } catch {
    return undefined;
  }
};

export const isAlive = ({ pid, began }: OwnedProcess): boolean => beginning(pid) === began;

/** Asks it to end, ends it by force after so many seconds, and returns when it is gone. */
export const stopProcess = async (folder: string, owned: OwnedProcess, seconds: number): Promise<void> => {
  const gone = () => !isAlive(owned);
  signal(owned, 'SIGTERM');
  if (!(await waitUntil(seconds, gone))) signal(owned, 'SIGKILL');
  if (!(await waitUntil(5, gone)))
    throw new Error(`Process ${owned.pid} does not end; end it yourself, then try again.`);
  rmSync(recordOf(folder), { force: true });
};

const signal = (owned: OwnedProcess, name: NodeJS.Signals): void => {
  try {
    if (isAlive(owned)) process.kill(owned.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

const beginning = (pid: number): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the name, may hold spaces and brackets; the state is the third, the start the 22nd.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return undefined;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${fields[19]}`;
  } catch {
    return undefined;
  }
};
