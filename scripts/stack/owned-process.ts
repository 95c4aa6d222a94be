import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createFolder } from '../../packages/runtime/create-folder.ts';
import type { Command } from './part.ts';
import { waitUntil } from './wait-until.ts';

/** `began` is the boot id and the start time in clock ticks: a process that reuses the pid has another one. */
export type OwnedProcess = { pid: number; began: string };

const recordFile = (folder: string): string => join(folder, 'process.json');
export const logFile = (folder: string): string => join(folder, 'output.log');

/** Starts a process that outlives this one, with its output in the folder's log, and records its pid in the folder. */
export const startProcess = (folder: string, { program, args, env }: Command): OwnedProcess => {
  createFolder(folder);
  const log = openSync(logFile(folder), 'w', 0o600);
  const child = spawn(program, args, {
    cwd: folder,
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...env },
  });
  closeSync(log);
  child.once('error', () => {}); // a process that cannot be started has no pid, which is checked below
  child.unref();
  const began = child.pid && readStartTime(child.pid);
  if (!child.pid || !began) throw new Error(`${program} could not be started; see ${logFile(folder)}.`);
  const owned = { pid: child.pid, began };
  writeFileSync(recordFile(folder), JSON.stringify(owned), { mode: 0o600 });
  return owned;
};

/** The process that we started in this folder, if it still runs. */
export const findOwnedProcess = (folder: string): OwnedProcess | undefined => {
  try {
    const owned: OwnedProcess = JSON.parse(readFileSync(recordFile(folder), 'utf8'));
    return isAlive(owned) ? owned : undefined;
  } catch {
    return undefined;
  }
};

export const isAlive = ({ pid, began }: OwnedProcess): boolean => readStartTime(pid) === began;

/** Sends SIGTERM, after `seconds` SIGKILL, and resolves when the process has ended. @throws Error when it does not end */
export const stopProcess = async (folder: string, owned: OwnedProcess, seconds: number): Promise<void> => {
  const hasEnded = () => !isAlive(owned);
  sendSignal(owned, 'SIGTERM');
  if (!(await waitUntil(seconds, hasEnded))) sendSignal(owned, 'SIGKILL');
  if (!(await waitUntil(5, hasEnded)))
    throw new Error(`Process ${owned.pid} does not end: kill it by hand, then try again.`);
  rmSync(recordFile(folder), { force: true });
};

const sendSignal = (owned: OwnedProcess, name: NodeJS.Signals): void => {
  try {
    if (isAlive(owned)) process.kill(owned.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

const readStartTime = (pid: number): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the name, may contain spaces and brackets. The state is the third field, the start time the 22nd.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return undefined;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${fields[19]}`;
  } catch {
    return undefined;
  }
};
