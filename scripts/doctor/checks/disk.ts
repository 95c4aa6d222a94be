import { existsSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { sqliteFileOf } from '../../../packages/database/database-url.ts';
import type { Deployment } from '../deployment.ts';
import { type Finding, ok, problem, warning } from '../finding.ts';
import { createCheck } from '../run-checks.ts';

type DiskFacts = { readonly folder: string; readonly freeBytes: number };

const mebibyte = 1024 ** 2;
/** A service refuses changes below one mebibyte; a rebuild or an import needs more. */
const problemBelow = 64 * mebibyte;
const warningBelow = 1024 * mebibyte;

export const assessDisks = (disks: readonly DiskFacts[]): readonly Finding[] =>
  disks.map(({ folder, freeBytes }) => {
    const message = `${Math.floor(freeBytes / mebibyte)} MiB are free on the disk of ${folder}`;
    const remedy = `df -h ${folder}, and make room, or set DATA_DIR to a folder on another disk`;
    if (freeBytes < problemBelow) return problem(`${message}; changes are refused when it is full`, remedy);
    return freeBytes < warningBelow ? warning(message, remedy) : ok(message);
  });

const readDisks = ({ dataDir, services }: Deployment): readonly DiskFacts[] => {
  const files = services.flatMap(({ config }) => sqliteFileOf(config.databaseUrl ?? 'memory') ?? []);
  const folders = new Set([dataDir, ...files.map((file) => dirname(file))].map((folder) => resolve(folder)));
  return [...folders].map((folder) => {
    const { bavail, bsize } = statfsSync(findExisting(folder));
    return { folder, freeBytes: bavail * bsize };
  });
};

/** The folder, or the nearest one above it that exists, because a service creates its folder. */
const findExisting = (folder: string): string => (existsSync(folder) ? folder : findExisting(dirname(folder)));

export const disk = createCheck({ name: 'disk', remedy: 'df -h' }, readDisks, assessDisks);
