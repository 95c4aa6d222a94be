import { isAscii, isUtf8 } from 'node:buffer';
import { nullValue } from '../../kafka/null-value.ts';

export type DeliveredEntry = {
  readonly entryId: string;
  /** Empty if the record has no value. */
  readonly value: Buffer;
  readonly metadata: Readonly<Record<string, string>> | undefined;
};

/** A body that no sidecar sends. `status` is the HTTP status of the response. */
export class MalformedDelivery extends Error {
  override name = 'MalformedDelivery';
  readonly status: 400 | 413;
  constructor(reason: string, status: MalformedDelivery['status'] = 400) {
    super(reason);
    this.status = status;
  }
}

/** Bytes that are parsed at once. A smaller delivery is parsed whole. */
const pieceBytes = 4 * 1024 * 1024;
/**
 * The Kafka client of a sidecar reads no record above 100 MiB (134 MiB in base64); a V8 string holds at most 512 MiB. A whole
 * delivery has no limit, because the sidecar would resend a refused one forever.
 */
const maxEntryBytes = 256 * 1024 * 1024;

type Limits = { readonly pieceBytes: number; readonly maxEntryBytes: number };

/**
 * Parses the body of a bulk delivery in pieces while it arrives, so that a full delivery of large records neither blocks the event
 * loop nor has to fit in memory. @throws MalformedDelivery
 */
export async function* readDelivery(
  body: AsyncIterable<Buffer>,
  topic: string,
  limits: Limits = { pieceBytes, maxEntryBytes },
): AsyncGenerator<readonly DeliveredEntry[]> {
  for await (const piece of splitBody(body, limits)) yield parseEntries(piece, topic);
}

/** The sidecar writes JSON without blanks. These bytes never occur inside a JSON string, where quotes are escaped. */
const entrySeparator = Buffer.from('},{"entryId":');
const head = '{"entries":[';
const tail = ']}';

/** Splits the body between two entries once enough bytes have arrived; each piece is a complete JSON delivery. */
async function* splitBody(body: AsyncIterable<Buffer>, limits: Limits): AsyncGenerator<string> {
  let chunks: Buffer[] = [];
  let bufferedBytes = 0;
  let minBytes = limits.pieceBytes;
  let isFirst = true;
  for await (const chunk of body) {
    chunks.push(chunk);
    bufferedBytes += chunk.length;
    if (bufferedBytes < minBytes) continue;
    const bytes = Buffer.concat(chunks, bufferedBytes);
    const at = bytes.lastIndexOf(entrySeparator);
    if (at < 0) {
      if (bufferedBytes > limits.maxEntryBytes) throw new MalformedDelivery('an entry is larger than any record', 413);
      chunks = [bytes];
      // Double the threshold: otherwise each chunk copies and searches a large entry again.
      minBytes = bufferedBytes * 2;
      continue;
    }
    yield `${isFirst ? '' : head}${decodeText(bytes.subarray(0, at + 1))}${tail}`;
    isFirst = false;
    chunks = [bytes.subarray(at + 2)];
    bufferedBytes = bytes.length - at - 2;
    minBytes = Math.max(limits.pieceBytes, bufferedBytes * 2);
  }
  yield `${isFirst ? '' : head}${decodeText(Buffer.concat(chunks, bufferedBytes))}`;
}

/** These bodies are nearly always ASCII, which Node decodes four times as fast with an explicit encoding. */
const decodeText = (bytes: Buffer): string => {
  if (isAscii(bytes)) return bytes.toString('ascii');
  if (isUtf8(bytes)) return bytes.toString('utf8');
  throw new MalformedDelivery('the body is not UTF-8');
};

const parseEntries = (text: string, topic: string): DeliveredEntry[] => {
  const { entries, topic: deliveredTopic } = (parseJson(text) ?? {}) as { entries?: unknown; topic?: unknown };
  if (!Array.isArray(entries)) throw new MalformedDelivery('the body has no list of entries');
  if (deliveredTopic !== undefined && deliveredTopic !== topic)
    throw new MalformedDelivery('the body is of another topic');
  return entries.map(parseEntry);
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new MalformedDelivery('the body is not JSON');
  }
};

const parseEntry = (entry: unknown): DeliveredEntry => {
  const { entryId, event, metadata } = (entry ?? {}) as Record<string, unknown>;
  if (typeof entryId !== 'string' || entryId === '') throw new MalformedDelivery('an entry has no entryId');
  if (!isMetadata(metadata)) throw new MalformedDelivery('the metadata of an entry must be an object of strings');
  return { entryId, value: decodeEvent(event), metadata: metadata ?? undefined };
};

const isMetadata = (metadata: unknown): metadata is Record<string, string> | null | undefined => {
  if (metadata === undefined || metadata === null) return true;
  if (typeof metadata !== 'object' || Array.isArray(metadata)) return false;
  for (const name in metadata) if (typeof (metadata as Record<string, unknown>)[name] !== 'string') return false;
  return true;
};

const encodedNullValue = nullValue.toString('base64');

/** The sidecar delivers a record with an empty value as an empty text, and one without a value as the bytes `null`: both are tombstones. */
const decodeEvent = (event: unknown): Buffer => {
  if (event === undefined || event === null || event === encodedNullValue) return Buffer.alloc(0);
  if (typeof event !== 'string') throw new MalformedDelivery('the event of an entry is not a string');
  const value = Buffer.from(event, 'base64');
  const padding = event.endsWith('==') ? 2 : event.endsWith('=') ? 1 : 0;
  // Buffer.from skips characters that are not base64.
  if (value.length !== (event.length / 4) * 3 - padding)
    throw new MalformedDelivery('the event of an entry is not base64');
  return value;
};
