import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { quoteWord } from '../../../packages/cli/quote-word.ts';
import { sqliteFileOf } from '../../../packages/database/database-url.ts';
import type { Deployment } from '../deployment.ts';
import { type Finding, ok, problem, warning } from '../finding.ts';
import { createCheck } from '../run-checks.ts';

type DiskFacts = {
  readonly folder: string;
  readonly freeBytes: number;
  readonly isWritable: boolean;
  readonly isFolder: boolean;
};

const mebibyte = 1024 ** 2;
/** A service refuses changes below one mebibyte; a rebuild or an import needs more. */
const problemBelow = 64 * mebibyte;
const warningBelow = 1024 * mebibyte;

export const assessDisks = (disks: readonly DiskFacts[]): readonly Finding[] =>
  disks.map(({ folder, freeBytes, isWritable, isFolder }) => {
    if (!isFolder) return problem(`${folder} is a file, not a folder`, 'unset DATA_DIR');
    if (!isWritable)
      return problem(`this user may not write to ${folder}`, `ls -ld ${quoteWord(folder)}, or set DATA_DIR`);
    const message = `${Math.floor(freeBytes / mebibyte)} MiB are free on the disk of ${folder}`;
    const remedy = `df -h ${quoteWord(folder)}, and make room, or set DATA_DIR to a folder on another disk`;
    if (freeBytes < problemBelow) return problem(`${message}; changes are refused when it is full`, remedy);
    return freeBytes < warningBelow ? warning(message, remedy) : ok(message);
  });

const readDisks = ({ dataDir, services }: Deployment): readonly DiskFacts[] => {
  const files = services.flatMap(({ config }) => sqliteFileOf(config.databaseUrl ?? 'memory') ?? []);
  const folders = new Set([dataDir, ...files.map((file) => dirname(file))].map((folder) => resolve(folder)));
  return [...folders].map((folder) => {
    const existing = findExisting(folder);
    const { bavail, bsize } = statfsSync(existing);
    return {
      folder,
      freeBytes: bavail * bsize,
      isWritable: canWrite(existing),
      isFolder: statSync(existing).isDirectory(),
    };
  });
};

/** The folder, or the nearest one above it that exists, because a service creates its folder. */
const findExisting = (folder: string): string => (existsSync(folder) ? folder : findExisting(dirname(folder)));

const canWrite = (folder: string): boolean => {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
};

export const disk = createCheck({ name: 'disk', remedy: 'df -h' }, readDisks, assessDisks);
