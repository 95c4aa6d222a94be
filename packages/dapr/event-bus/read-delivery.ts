import { isAscii, isUtf8 } from 'node:buffer';

export type DeliveredEntry = {
  readonly entryId: string;
  /** Empty where the record has no value. */
  readonly value: Buffer;
  readonly metadata: Readonly<Record<string, string>> | undefined;
};

/** What no sidecar sends. `status` is what the sender is answered. */
export class MalformedDelivery extends Error {
  override name = 'MalformedDelivery';
  readonly status: 400 | 413;
  constructor(reason: string, status: MalformedDelivery['status'] = 400) {
    super(reason);
    this.status = status;
  }
}

/** So much is parsed in one go. The text of a small delivery, however many events it has, is parsed whole. */
const pieceBytes = 4 * 1024 * 1024;
/**
 * A sidecar's Kafka client reads no record above 100 MiB, which are 134 MiB in base64; V8 has no string above 512 MiB. A delivery
 * as a whole has no limit: the sidecar would send what is refused again, without end.
 */
const maxEntryBytes = 256 * 1024 * 1024;

type Limits = { readonly pieceBytes: number; readonly maxEntryBytes: number };

/**
 * Reads the body of a bulk delivery piece by piece, as it comes: a full delivery of large records neither blocks the event loop
 * nor has to fit in memory. @throws MalformedDelivery
 */
export async function* readDelivery(
  body: AsyncIterable<Buffer>,
  topic: string,
  limits: Limits = { pieceBytes, maxEntryBytes },
): AsyncGenerator<readonly DeliveredEntry[]> {
  for await (const piece of piecesOf(body, limits)) yield entriesOf(piece, topic);
}

/** In JSON without blanks, as the sidecar writes it, these bytes are never within a text: its quotes would be escaped. */
const border = Buffer.from('},{"entryId":');
const head = '{"entries":[';
const tail = ']}';

/** The body cut between two entries wherever enough has come; each piece is the text of a delivery of its own. */
async function* piecesOf(body: AsyncIterable<Buffer>, limits: Limits): AsyncGenerator<string> {
  let chunks: Buffer[] = [];
  let held = 0;
  let enough = limits.pieceBytes;
  let isFirst = true;
  for await (const chunk of body) {
    chunks.push(chunk);
    held += chunk.length;
    if (held < enough) continue;
    const bytes = Buffer.concat(chunks, held);
    const at = bytes.lastIndexOf(border);
    if (at < 0) {
      if (held > limits.maxEntryBytes) throw new MalformedDelivery('an entry is larger than any record', 413);
      chunks = [bytes];
      // Or a large entry would be put together and searched again with each chunk.
      enough = held * 2;
      continue;
    }
    yield `${isFirst ? '' : head}${textOf(bytes.subarray(0, at + 1))}${tail}`;
    isFirst = false;
    chunks = [bytes.subarray(at + 2)];
    held = bytes.length - at - 2;
    enough = Math.max(limits.pieceBytes, held * 2);
  }
  yield `${isFirst ? '' : head}${textOf(Buffer.concat(chunks, held))}`;
}

/** What is ASCII, as these bodies nearly always are, is decoded four times as fast if one says so. */
const textOf = (bytes: Buffer): string => {
  if (isAscii(bytes)) return bytes.toString('ascii');
  if (isUtf8(bytes)) return bytes.toString('utf8');
  throw new MalformedDelivery('the body is not UTF-8');
};

const entriesOf = (text: string, topic: string): DeliveredEntry[] => {
  const { entries, topic: of } = (parsed(text) ?? {}) as { entries?: unknown; topic?: unknown };
  if (!Array.isArray(entries)) throw new MalformedDelivery('the body has no list of entries');
  if (of !== undefined && of !== topic) throw new MalformedDelivery('the body is of another topic');
  return entries.map(entryOf);
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new MalformedDelivery('the body is not JSON');
  }
};

const entryOf = (entry: unknown): DeliveredEntry => {
  const { entryId, event, metadata } = (entry ?? {}) as Record<string, unknown>;
  if (typeof entryId !== 'string' || entryId === '') throw new MalformedDelivery('an entry has no entryId');
  if (!isMetadata(metadata)) throw new MalformedDelivery('the metadata of an entry are no texts by name');
  return { entryId, value: eventOf(event), metadata: metadata ?? undefined };
};

const isMetadata = (metadata: unknown): metadata is Record<string, string> | null | undefined => {
  if (metadata === undefined || metadata === null) return true;
  if (typeof metadata !== 'object' || Array.isArray(metadata)) return false;
  for (const name in metadata) if (typeof (metadata as Record<string, unknown>)[name] !== 'string') return false;
  return true;
};

/** A record without a value has no event. */
const eventOf = (event: unknown): Buffer => {
  if (event === undefined || event === null) return Buffer.alloc(0);
  if (typeof event !== 'string') throw new MalformedDelivery('the event of an entry is no text');
  const value = Buffer.from(event, 'base64');
  const padding = event.endsWith('==') ? 2 : event.endsWith('=') ? 1 : 0;
  // Node leaves out what is no base64.
  if (value.length !== (event.length / 4) * 3 - padding)
    throw new MalformedDelivery('the event of an entry is not base64');
  return value;
};
