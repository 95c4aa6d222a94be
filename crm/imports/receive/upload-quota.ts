import { DomainError } from '../../../packages/runtime/domain-error.ts';

/** How many files may be kept at a time, those that are uploaded or imported right now among them, and their bytes together. */
export const waitingLimits = { files: 16, bytes: 4 * 1024 ** 3 };
export type WaitingLimits = typeof waitingLimits;

export type UploadQuota = {
  /** A file that is here, whatever the limits say. */
  record(importId: string, bytes: number): void;
  /** A file that is announced; 0 where its size is not known. @throws DomainError too-many-imports */
  reserve(importId: string, bytes: number): void;
  /** So much of it is here by now. @throws DomainError too-many-imports */
  grow(importId: string, bytes: number): void;
  release(importId: string): void;
};

/** Counts the files that wait in this process, so that uploads cannot fill the disk. */
export const createUploadQuota = (limits: WaitingLimits = waitingLimits): UploadQuota => {
  const files = new Map<string, number>();
  const setSize = (importId: string, bytes: number) => {
    const others = [...files].reduce((sum, [id, size]) => (id === importId ? sum : sum + size), 0);
    if (!files.has(importId) && files.size >= limits.files) throw tooMany(`${limits.files} files wait`);
    if (others + bytes > limits.bytes) throw tooMany(`The files that wait may have ${limits.bytes} bytes together`);
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
  new DomainError('too-many-imports', `${why}; this one is not kept.`, {
    remedy: 'send it again when others are done: GET /imports lists them, DELETE /imports/ID removes one',
  });
