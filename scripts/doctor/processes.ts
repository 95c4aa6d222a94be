import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A process of this machine. */
export type FoundProcess = { readonly pid: number; readonly command: string };

const maxCommandLength = 120;
/** The code of the state LISTEN in /proc/net/tcp. */
const listening = '0A';

/** The process that listens on a port. Linux shows it for the processes of this user; otherwise it is undefined. */
export const findListener = (port: number): FoundProcess | undefined => {
  const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => listInodes(file, port)));
  if (inodes.size === 0) return undefined;
  const pid = list('/proc').find((name) => /^\d+$/.test(name) && listSockets(name).some((inode) => inodes.has(inode)));
  return pid === undefined ? undefined : { pid: Number(pid), command: readCommand(pid) };
};

/** Whether a process is stopped, for example by SIGSTOP or Ctrl-Z; false where the system does not say. */
export const isStopped = (pid: number): boolean => /^State:\s+[Tt]/m.test(read(`/proc/${pid}/status`));

const listInodes = (file: string, port: number): string[] =>
  read(file)
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
      const isSame = Number.parseInt(local.split(':')[1] ?? '', 16) === port;
      return isSame && state === listening && inode ? [inode] : [];
    });

const listSockets = (pid: string): string[] =>
  list(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
    } catch {
      return [];
    }
  });

const readCommand = (pid: string): string => {
  const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
  return command.length > maxCommandLength ? `${command.slice(0, maxCommandLength)}…` : command;
};

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

const list = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};
