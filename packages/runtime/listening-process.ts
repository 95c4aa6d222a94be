import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A process that listens on a port, with its command line. */
export type ListeningProcess = { readonly pid: number; readonly command: string };

const listening = '0A';
const maxCommandLength = 120;

/** Finds the process that listens on a TCP port of this machine. @returns undefined where it is unknown: only Linux tells, and only of own processes */
export const findListeningProcess = (port: number): ListeningProcess | undefined => {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = new Set(
    ['tcp', 'tcp6'].flatMap((table) =>
      linesOf(`/proc/net/${table}`)
        .map((line) => line.trim().split(/\s+/))
        .filter(([, local, , state]) => state === listening && local?.endsWith(`:${hexPort}`))
        .map((fields) => `socket:[${fields[9]}]`),
    ),
  );
  if (inodes.size === 0) return undefined;
  const pid = listFolder('/proc').find((name) => /^\d+$/.test(name) && hasOpen(name, inodes));
  if (pid === undefined) return undefined;
  const words = (linesOf(`/proc/${pid}/cmdline`)[0] ?? '').split('\0').filter((word) => word !== '');
  return { pid: Number(pid), command: words.join(' ').slice(0, maxCommandLength) };
};

const hasOpen = (pid: string, links: ReadonlySet<string>): boolean => {
  const folder = `/proc/${pid}/fd`;
  return listFolder(folder).some((descriptor) => {
    try {
      return links.has(readlinkSync(`${folder}/${descriptor}`));
    } catch {
      return false;
    }
  });
};

const linesOf = (file: string): string[] => {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
};

const listFolder = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};
