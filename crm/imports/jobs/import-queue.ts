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

/** An uploaded file. `expectedBytes` is its size, if the sender states it in advance. */
type Upload = {
  readonly chunks: AsyncIterable<Buffer>;
  readonly fileName: string;
  readonly expectedBytes?: number | undefined;
};

export type ImportQueue = {
  /**
   * Stores the file and queues its import.
   * @throws DomainError unusable-file, file-too-large, too-many-imports, upload-too-slow
   */
  add(upload: Upload, options: ImportOptions): Promise<ImportJob>;
  /** Removes an import, its report and its file. Imported customers stay. @throws DomainError import-unknown */
  remove(importId: string): Promise<void>;
  /** Resumes the imports whose files the previous process left here, and fails those that no process can resume. */
  resume(): Promise<void>;
  /** Stops after the current transaction. The next start resumes the import. */
  close(): Promise<void>;
};

type QueueContext = CrmContext & { readonly log: Logger; readonly clock?: MonotonicClock };

export type QueueLimits = FileLimits & { readonly waiting: WaitingLimits; readonly pace: UploadPace };

const databaseBackoff = backoff({ firstMs: 200, maxMs: 30_000 });

/**
 * Imports one file after the other, in the background.
 * @param folder where the files wait; it belongs to this process alone
 */
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
      .catch((err: unknown) => log.error({ err, importId }, 'import not finished'))
      .finally(() => ownJobs.delete(importId));
  };

  const observer = observeJobs(context);
  /** Touches our own jobs first, because a job that waits here must not look silent. */
  const sendHeartbeat = async () => {
    await touchJobs(db, [...ownJobs]);
    await observer.failSilent();
  };
  let heartbeat: Promise<void> | undefined;
  const timer = setInterval(() => {
    heartbeat ??= sendHeartbeat()
      .catch((err: unknown) => log.warn({ err }, 'heartbeat of imports failed, will retry'))
      .finally(() => {
        heartbeat = undefined;
      });
  }, heartbeatEveryMs).unref();

  const run = async (importId: string) => {
    const { signal: stop } = closing;
    if (stop.aborted) return;
    const retryWhileUnavailable = <T>(work: () => Promise<T>) =>
      retry(work, {
        while: (error) => error instanceof TransientDatabaseError,
        backoff: databaseBackoff,
        signal: stop,
        onRetry: (err, pauseMs) => log.warn({ err, importId, pauseMs }, 'import waits for the database'),
      });
    try {
      const job = await retryWhileUnavailable(async () => {
        const stored = await findJob(db, importId);
        return stored.finishedAt === null ? runImport(context, stored, fileOf(importId), { stop }) : stored;
      });
      if (job.finishedAt === null) return;
      if (job.state === 'finished') await retryWhileUnavailable(() => logImport(db, job, log));
    } catch (error) {
      if (stop.aborted) return;
      if (await retryWhileUnavailable(() => hasEnded(importId)))
        log.info({ importId }, 'import not continued, it was ended or deleted');
      else {
        log.error({ err: error, importId }, 'import failed');
        if (error instanceof RunByAnotherProcess) return;
        await retryWhileUnavailable(() => failJob(db, importId, context.now()));
      }
    }
    await removeFile(importId);
  };

  /** Whether the import has ended, here or in another process that shares the database. */
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
        const received = await receiveFile(measureUpload(upload, importId), file, limits, options.encoding);
        quota.record(importId, received.bytes);
        const { columns, fields } = await readFileHeader(file, options);
        const fileInfo = { ...received, importId, fileName, columns, fields, createdAt: context.now() };
        const job = await createJob(db, fileInfo, options);
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
      // The remaining files are from uploads that were cut off and from imports that have ended.
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
