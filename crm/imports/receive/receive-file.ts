import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createLineCounter } from '../../../packages/csv/count-lines.ts';
import type { Encoding } from '../../../packages/csv/encoding.ts';
import { headBytes, recogniseFileType } from '../../../packages/csv/file-type.ts';
import { joinHead } from '../../../packages/csv/join-head.ts';
import { mapWriteError } from '../../../packages/database/disk-error.ts';
import { DomainError } from '../../../packages/runtime/domain-error.ts';
import { unusableFile } from '../check/header.ts';
import type { ReceivedFile } from '../import-job.ts';

export const fileLimits = { bytes: 2 * 1024 ** 3, lines: 5_000_000 };
export type FileLimits = typeof fileLimits;

/**
 * Stores an upload in a file that only its owner can read.
 * @param encoding as declared by the sender; it affects the number of lines, and what is recognised as another type
 * @throws DomainError unusable-file, file-too-large; TransientDatabaseError when the disk is full or fails
 */
export const receiveFile = async (
  chunks: AsyncIterable<Buffer>,
  file: string,
  limits: FileLimits,
  encoding?: Encoding,
): Promise<ReceivedFile> => {
  const received = measureChunks(chunks, limits, encoding);
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    // The file is opened before the stream: a stream that fails while it opens could create the file after the caller
    // removed it.
    const handle = await open(file, 'w', 0o600);
    await pipeline(received.chunks, handle.createWriteStream());
  } catch (error) {
    throw mapWriteError(error as Error);
  }
  return received.result();
};

/** Computes digest, bytes and lines of a file. @throws DomainError unusable-file, file-too-large */
export const measureFile = async (
  file: string,
  limits: FileLimits = fileLimits,
  encoding?: Encoding,
): Promise<ReceivedFile> => {
  const { chunks, result } = measureChunks(createReadStream(file), limits, encoding);
  try {
    for await (const _ of chunks);
  } catch (error) {
    throw error instanceof DomainError ? error : unusableFile(`${file} cannot be read: ${(error as Error).message}.`);
  }
  return result();
};

const measureChunks = (source: AsyncIterable<Buffer>, limits: FileLimits, encoding: Encoding | undefined) => {
  const hash = createHash('sha256');
  const lines = createLineCounter(encoding);
  let bytes = 0;
  async function* chunks() {
    for await (const chunk of joinHead(source, headBytes)) {
      if (bytes === 0) refuseOtherFileType(chunk, encoding);
      hash.update(chunk);
      lines.add(chunk);
      bytes += chunk.length;
      if (bytes > limits.bytes) throw tooLarge(`${limits.bytes} bytes`);
      if (lines.count() > limits.lines) throw tooLarge(`${limits.lines} lines`);
      yield chunk;
    }
  }
  const result = (): ReceivedFile => {
    if (bytes === 0) throw unusableFile('The file is empty.');
    return { bytes, lines: lines.count(), digest: hash.digest('hex') };
  };
  return { chunks: chunks(), result };
};

const refuseOtherFileType = (head: Buffer, encoding: Encoding | undefined) => {
  const type = recogniseFileType(head, encoding);
  if (type) throw new DomainError('unusable-file', `The file is not CSV: it is ${type.name}.`, { remedy: type.remedy });
};

export const tooLarge = (limit: string) =>
  new DomainError('file-too-large', `The file has more than ${limit}.`, {
    remedy: 'split the file and import the parts one after the other; each part needs the header as its first line',
  });
