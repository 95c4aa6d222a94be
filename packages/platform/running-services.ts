import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type FileLock, isFileLocked, lockFile } from '../database/sqlite.ts';
import { createFolder } from '../runtime/create-folder.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { PlatformSettings } from './open-platform.ts';

const recordSchema = z.object({
  /** Its app-id, for example iot-platform. */
  service: z.string(),
  url: z.url(),
  /** The port to which its sidecar delivers, if that is another one than the port of the URL. */
  deliveryPort: z.int().exactOptional(),
  /** The HTTP port of its sidecar; a service without a sidecar uses the embedded adapters. */
  sidecarPort: z.int().exactOptional(),
  /** The gRPC port of its sidecar, where the service knows it. */
  sidecarGrpcPort: z.int().exactOptional(),
  /** The database of a service that several processes may share, without a password. */
  database: z.string().exactOptional(),
  pid: z.int(),
  startedAt: z.iso.datetime(),
});

/** A service that listens, as it is recorded in `DATA_DIR/running`. */
export type RunningService = z.infer<typeof recordSchema>;

const folderOf = (dataDir: string) => join(dataDir, 'running');
const maxInstances = 1_000;

/**
 * Records a service in `DATA_DIR/running` for the commands of other terminals. The record is valid as long as this process holds the
 * lock next to it, so a record that a killed process leaves behind is ignored. Where the folder is not writable, a service runs
 * without a record, because only commands need it.
 * @returns a function that removes the record
 */
export const recordService = (
  { dataDir, dapr }: PlatformSettings,
  service: Pick<RunningService, 'service' | 'url' | 'database'> & { readonly deliveryPort?: number },
  { now }: Pick<Runtime, 'now'>,
): (() => void) => {
  try {
    const folder = folderOf(dataDir);
    createFolder(folder);
    const { name, lock } = claimName(folder, service.service);
    const file = join(folder, `${name}.json`);
    const record = {
      service: service.service,
      url: service.url,
      ...(service.database !== undefined && { database: service.database }),
      ...(dapr && {
        sidecarPort: dapr.sidecarPort,
        sidecarGrpcPort: dapr.sidecarGrpcPort,
        deliveryPort: service.deliveryPort,
      }),
      pid: process.pid,
      startedAt: new Date(now()).toISOString(),
    };
    writeFileSync(`${file}.new`, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
    return () => {
      rmSync(file, { force: true });
      lock.release();
    };
  } catch {
    return () => {};
  }
};

/** Locks the first free name: the app-id, and with a number for each further instance. */
const claimName = (folder: string, service: string): { name: string; lock: FileLock } => {
  for (let instance = 1; instance <= maxInstances; instance++) {
    const name = instance === 1 ? service : `${service}-${instance}`;
    const lock = lockFile(join(folder, `${name}.lock`));
    if (!lock) continue;
    // The record of a killed process becomes valid again with the lock, so it is removed first.
    rmSync(join(folder, `${name}.json`), { force: true });
    return { name, lock };
  }
  throw new Error(`More than ${maxInstances} instances of ${service} are recorded in ${folder}.`);
};

/** The services that run on this data folder, in the order of their names. */
export const listRunningServices = (dataDir: string): readonly RunningService[] => {
  const folder = folderOf(dataDir);
  return listNames(folder).flatMap((name) => {
    const record = readRecord(join(folder, `${name}.json`));
    return record && isFileLocked(join(folder, `${name}.lock`)) ? [record] : [];
  });
};

const listNames = (folder: string): string[] => {
  try {
    return readdirSync(folder)
      .flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -'.json'.length)] : []))
      .sort();
  } catch {
    return [];
  }
};

const readRecord = (file: string): RunningService | undefined => {
  try {
    return recordSchema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
};
