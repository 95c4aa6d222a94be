import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { outlastTrouble } from '../../lib/database/outlast-trouble.ts';
import type { MonotonicClock } from '../../lib/lease.ts';
import type { CustomerChanges } from '../customers/change-customer.ts';
import { headerOfFile } from './check-file.ts';
import {
  createJob,
  DoneByAnother,
  failJob,
  findJob,
  type ImportJob,
  type ImportOptions,
  unfinishedJobs,
} from './import-job.ts';
import { logImport } from './import-once.ts';
import { heartbeatEveryMs, observeJobs, touchJobs } from './job-heartbeat.ts';
import { type FileLimits, fileLimits, receiveFile } from './receive-file.ts';
import { runImport } from './run-import.ts';

export type ImportQueue = {
  /** Keeps the file, and does its import when those before it are done. @throws DomainError unusable-file, file-too-large */
  add(chunks: AsyncIterable<Buffer>, fileName: string, options: ImportOptions): Promise<ImportJob>;
  /** Continues the imports that a process before us has left here, and ends those that no process continues. */
  resume(): Promise<void>;
  /** Lets the transaction that runs end, and stops; the next start goes on. */
  close(): Promise<void>;
};

type QueueContext = CustomerChanges & { readonly log: Logger; readonly clock?: MonotonicClock };

/** Imports one file after the other, while the process does its other work. `folder`: where files wait, for us alone. */
export const importQueue = (context: QueueContext, folder: string, limits: FileLimits = fileLimits): ImportQueue => {
  const { db, log } = context;
  const closing = new AbortController();
  let last: Promise<void> = Promise.resolve();
  const fileOf = (importId: string) => join(folder, `${importId}.csv`);

  const remove = (file: string) => rm(join(folder, file), { recursive: true, force: true });

  const mine = new Set<string>();
  const enqueue = (importId: string) => {
    mine.add(importId);
    last = last
      .then(() => run(importId))
      .catch((err: unknown) => log.error({ err, importId }, 'import not ended'))
      .finally(() => mine.delete(importId));
  };

  const jobs = observeJobs(context);
  /** Ours first: a job that waits here must not look silent to us. */
  const beat = async () => {
    await touchJobs(db, [...mine]);
    await jobs.failSilent();
  };
  let beating: Promise<void> | undefined;
  const timer = setInterval(() => {
    beating ??= beat()
      .catch((err: unknown) => log.warn({ err }, 'silent imports not looked for, will retry'))
      .finally(() => {
        beating = undefined;
      });
  }, heartbeatEveryMs).unref();

  const run = async (importId: string) => {
    const { signal: stop } = closing;
    if (stop.aborted) return;
    const patiently = <T>(work: () => Promise<T>) =>
      outlastTrouble(work, {
        stop,
        tell: (err, pauseMs) => log.warn({ err, importId, pauseMs }, 'import waits for the database'),
      });
    try {
      const job = await patiently(async () => {
        const left = await findJob(db, importId);
        return left.finishedAt === null ? runImport(context, left, fileOf(importId), { stop }) : left;
      });
      if (job.finishedAt === null) return;
      if (job.state === 'finished') await patiently(() => logImport(db, job, log));
    } catch (error) {
      if (stop.aborted) return;
      log.error({ err: error, importId }, 'import failed');
      if (error instanceof DoneByAnother) return;
      await patiently(() => failJob(db, importId, context.now()));
    }
    await remove(`${importId}.csv`);
  };

  return {
    add: async (chunks, fileName, options) => {
      const importId = context.newId();
      const file = fileOf(importId);
      try {
        const received = await receiveFile(chunks, file, limits);
        const { columns } = await headerOfFile(file);
        const about = { ...received, importId, fileName, columns, createdAt: context.now() };
        const job = await createJob(db, about, options);
        enqueue(importId);
        return job;
      } catch (error) {
        await remove(`${importId}.csv`);
        throw error;
      }
    },
    resume: async () => {
      const files = new Set(await readdir(folder).catch(() => [] as string[]));
      for (const { importId } of await unfinishedJobs(db)) {
        if (files.delete(`${importId}.csv`)) enqueue(importId);
      }
      // Of uploads that were cut off, and of imports that ended.
      for (const file of files) await remove(file);
      await beat();
    },
    close: async () => {
      clearInterval(timer);
      closing.abort();
      await last;
      await beating;
    },
  };
};
