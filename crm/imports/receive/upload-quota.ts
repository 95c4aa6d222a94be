import { DomainError } from '../../../packages/runtime/domain-error.ts';

/** How many files may be stored at a time, including those being uploaded or imported, and their total bytes. */
export const waitingLimits = { files: 16, bytes: 4 * 1024 ** 3 };
export type WaitingLimits = typeof waitingLimits;

export type UploadQuota = {
  /** Records a stored file, even above the limits. */
  record(importId: string, bytes: number): void;
  /** Reserves a place for an upload; `bytes` is 0 if its size is unknown. @throws DomainError too-many-imports */
  reserve(importId: string, bytes: number): void;
  /** Records how many bytes of an upload have arrived. @throws DomainError too-many-imports */
  grow(importId: string, bytes: number): void;
  release(importId: string): void;
};

/** Limits the files that wait in this process, so that uploads cannot fill the disk. */
export const createUploadQuota = (limits: WaitingLimits = waitingLimits): UploadQuota => {
  const files = new Map<string, number>();
  const setSize = (importId: string, bytes: number) => {
    const others = [...files].reduce((sum, [id, size]) => (id === importId ? sum : sum + size), 0);
    if (!files.has(importId) && files.size >= limits.files) throw tooMany(`${limits.files} files are waiting already`);
    if (others + bytes > limits.bytes) throw tooMany(`All waiting files together may have ${limits.bytes} bytes`);
    files.set(importId, bytes);
  };
  return {
    record: (importId, bytes) => void files.set(importId, bytes),
    reserve: setSize,
    grow: (importId, bytes) => {
      if (bytes > (files.get(importId) ?? 0)) setSize(importId, bytes);
    },
    release: (importId) => void files.delete(importId),
  };
};

const tooMany = (why: string) =>
  new DomainError('too-many-imports', `${why}; this file is not stored.`, {
    remedy: 'upload it again when other imports are finished: GET /imports lists them, DELETE /imports/ID removes one',
  });
