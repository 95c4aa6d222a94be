import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { TransientDatabaseError } from '../../../packages/database/database-error.ts';
import type { MonotonicClock } from '../../../packages/runtime/lease.ts';
import { backoff, retry } from '../../../packages/runtime/retry.ts';
import type { CrmContext } from '../../customers/index.ts';
import { readFileHeader } from '../check/check-file.ts';
import {
  createJob,
  failJob,
  findJob,
  type ImportJob,
  type ImportOptions,
  listUnfinishedJobs,
  RunByAnotherProcess,
} from '../import-job.ts';
import { type FileLimits, fileLimits, receiveFile, tooLarge } from '../receive/receive-file.ts';
import { enforcePace, type UploadPace, uploadPace } from '../receive/upload-pace.ts';
import { createUploadQuota, type WaitingLimits, waitingLimits } from '../receive/upload-quota.ts';
import { removeImport } from '../report/remove-report.ts';
import { runImport } from '../run/run-import.ts';
import { logImport } from './import-once.ts';
import { heartbeatEveryMs, observeJobs, touchJobs } from './job-heartbeat.ts';

/** A file that is sent: `expectedBytes` is its size where the sender says it before. */
export type Upload = {
  readonly chunks: AsyncIterable<Buffer>;
  readonly fileName: string;
  readonly expectedBytes?: number | undefined;
};

export type ImportQueue = {
  /**
   * Keeps the file, and does its import when those before it are done.
   * @throws DomainError unusable-file, file-too-large, too-many-imports, upload-too-slow
   */
  add(upload: Upload, options: ImportOptions): Promise<ImportJob>;
  /** Removes an import, its report and its file; what is committed of it stays. @throws DomainError import-unknown */
  remove(importId: string): Promise<void>;
  /** Continues the imports that a process before us has left here, and ends those that no process continues. */
  resume(): Promise<void>;
  /** Lets the transaction that runs end, and stops; the next start continues. */
  close(): Promise<void>;
};

type QueueContext = CrmContext & { readonly log: Logger; readonly clock?: MonotonicClock };

export type QueueLimits = FileLimits & { readonly waiting: WaitingLimits; readonly pace: UploadPace };

const databaseBackoff = backoff({ firstMs: 200, maxMs: 30_000 });

/** Imports one file after the other, while the process does its other work. `folder`: where files wait, for us alone. */
export const createImportQueue = (
  context: QueueContext,
  folder: string,
  overrides: Partial<QueueLimits> = {},
): ImportQueue => {
  const limits: QueueLimits = { ...fileLimits, waiting: waitingLimits, pace: uploadPace, ...overrides };
  const { db, log } = context;
  const quota = createUploadQuota(limits.waiting);
  const closing = new AbortController();
  let queue: Promise<void> = Promise.resolve();
  const fileOf = (importId: string) => join(folder, `${importId}.csv`);

  const remove = (file: string) => rm(join(folder, file), { recursive: true, force: true });
  const removeFile = async (importId: string) => {
    await remove(`${importId}.csv`);
    quota.release(importId);
  };

  const ownJobs = new Set<string>();
  const enqueue = (importId: string) => {
    ownJobs.add(importId);
    queue = queue
      .then(() => run(importId))
      .catch((err: unknown) => log.error({ err, importId }, 'import not ended'))
      .finally(() => ownJobs.delete(importId));
  };

  const observer = observeJobs(context);
  /** Ours first: a job that waits here must not look silent to us. */
  const sendHeartbeat = async () => {
    await touchJobs(db, [...ownJobs]);
    await observer.failSilent();
  };
  let heartbeat: Promise<void> | undefined;
  const timer = setInterval(() => {
    heartbeat ??= sendHeartbeat()
      .catch((err: unknown) => log.warn({ err }, 'silent imports not looked for, will retry'))
      .finally(() => {
        heartbeat = undefined;
      });
  }, heartbeatEveryMs).unref();

  const run = async (importId: string) => {
    const { signal: stop } = closing;
    if (stop.aborted) return;
    const retryWhileDatabaseIsAway = <T>(work: () => Promise<T>) =>
      retry(work, {
        while: (error) => error instanceof TransientDatabaseError,
        backoff: databaseBackoff,
        signal: stop,
        onRetry: (err, pauseMs) => log.warn({ err, importId, pauseMs }, 'import waits for the database'),
      });
    try {
      const job = await retryWhileDatabaseIsAway(async () => {
        const stored = await findJob(db, importId);
        return stored.finishedAt === null ? runImport(context, stored, fileOf(importId), { stop }) : stored;
      });
      if (job.finishedAt === null) return;
      if (job.state === 'finished') await retryWhileDatabaseIsAway(() => logImport(db, job, log));
    } catch (error) {
      if (stop.aborted) return;
      if (await retryWhileDatabaseIsAway(() => hasEnded(importId)))
        log.info({ importId }, 'import was ended or deleted meanwhile');
      else {
        log.error({ err: error, importId }, 'import failed');
        if (error instanceof RunByAnotherProcess) return;
        await retryWhileDatabaseIsAway(() => failJob(db, importId, context.now()));
      }
    }
    await removeFile(importId);
  };

  /** Here or by another process that shares the database. */
  const hasEnded = async (importId: string) => {
    const isUnfinished = (job: ImportJob) => job.importId === importId;
    return !(await listUnfinishedJobs(db)).some(isUnfinished);
  };

  async function* measureUpload({ chunks }: Upload, importId: string) {
    let bytes = 0;
    for await (const chunk of enforcePace(chunks, limits.pace)) {
      bytes += chunk.length;
      quota.grow(importId, bytes);
      yield chunk;
    }
  }

  return {
    add: async (upload, options) => {
      const importId = context.newId();
      const file = fileOf(importId);
      const { fileName, expectedBytes = 0 } = upload;
      if (expectedBytes > limits.bytes) throw tooLarge(`${limits.bytes} bytes`);
      quota.reserve(importId, expectedBytes);
      try {
        const received = await receiveFile(measureUpload(upload, importId), file, limits);
        quota.record(importId, received.bytes);
        const { columns } = await readFileHeader(file);
        const about = { ...received, importId, fileName, columns, createdAt: context.now() };
        const job = await createJob(db, about, options);
        enqueue(importId);
        return job;
      } catch (error) {
        await removeFile(importId);
        throw error;
      }
    },
    remove: async (importId) => {
      await removeImport(db, importId, context.now());
      await removeFile(importId);
    },
    resume: async () => {
      const files = new Set(await readdir(folder).catch(() => [] as string[]));
      for (const { importId } of await listUnfinishedJobs(db)) {
        if (!files.delete(`${importId}.csv`)) continue;
        quota.record(importId, await sizeOf(fileOf(importId)));
        enqueue(importId);
      }
      // Of uploads that were cut off, and of imports that ended.
      for (const file of files) await remove(file);
      await sendHeartbeat();
    },
    close: async () => {
      clearInterval(timer);
      closing.abort();
      await queue;
      await heartbeat;
    },
  };
};

const sizeOf = async (file: string) => (await stat(file)).size;
