/** A protobuf message that grows while its fields are written, behind the room for the prefix of its gRPC frame. */
export type MessageWriter = { bytes: Buffer; at: number };

/** Wire types of protobuf: the lowest three bits of a tag. */
export const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** A flag and the length of the message. */
export const framePrefixBytes = 5;
/** An ASCII text up to this length is written faster by a loop than by a native call. */
const shortText = 64;
const maxVarintBytes = 5;

/** @param capacity the expected size in bytes; the writer grows when it needs more */
export const createMessageWriter = (capacity = 1024): MessageWriter => ({
  bytes: Buffer.allocUnsafe(framePrefixBytes + capacity),
  at: framePrefixBytes,
});

/** @returns the message in its uncompressed gRPC frame; the bytes share memory with the writer, so write nothing after */
export const finishFrame = ({ bytes, at }: MessageWriter): Buffer => {
  bytes[0] = 0;
  bytes.writeUInt32BE(at - framePrefixBytes, 1);
  return bytes.subarray(0, at);
};

/** Writes an integer from 0 to 2^32 - 1, an enum or a bool; 0 is the default of proto3 and is not written. */
export const writeVarintField = (writer: MessageWriter, field: number, value: number): void => {
  if (value === 0) return;
  reserve(writer, 2 * maxVarintBytes);
  writeVarint(writer, field * 8 + wireTypes.varint);
  writeVarint(writer, value);
};

/** Writes a text, also an empty one: in a `repeated` field an empty text counts. */
export const writeTextField = (writer: MessageWriter, field: number, text: string): void => {
  // A UTF-16 code unit becomes at most three bytes of UTF-8.
  reserve(writer, 2 * maxVarintBytes + text.length * 3);
  writeVarint(writer, field * 8 + wireTypes.bytes);
  if (text.length <= shortText && writeAscii(writer, text)) return;
  const length = Buffer.byteLength(text);
  writeVarint(writer, length);
  writer.bytes.write(text, writer.at);
  writer.at += length;
};

/** Copies bytes, also an empty value, into the message. */
export const writeBytesField = (writer: MessageWriter, field: number, value: Buffer): void => {
  reserve(writer, 2 * maxVarintBytes + value.length);
  writeVarint(writer, field * 8 + wireTypes.bytes);
  writeVarint(writer, value.length);
  writer.at += value.copy(writer.bytes, writer.at);
};

/** Begins a nested message. @returns its first byte, for `endNested` */
export const beginNested = (writer: MessageWriter, field: number): number => {
  reserve(writer, maxVarintBytes + 1);
  writeVarint(writer, field * 8 + wireTypes.bytes);
  // One byte for the length, which most nested messages fit.
  return ++writer.at;
};

/** Ends a nested message: writes its length before its first byte. */
export const endNested = (writer: MessageWriter, start: number): void => {
  const length = writer.at - start;
  const extraBytes = countVarintBytes(length) - 1;
  if (extraBytes > 0) {
    reserve(writer, extraBytes);
    writer.bytes.copyWithin(start + extraBytes, start, writer.at);
  }
  writer.at = start - 1;
  writeVarint(writer, length);
  writer.at = start + extraBytes + length;
};

/** Writes one entry of a `map<string, string>`. */
export const writeMapEntry = (writer: MessageWriter, field: number, key: string, value: string): void => {
  const start = beginNested(writer, field);
  writeTextField(writer, 1, key);
  writeTextField(writer, 2, value);
  endNested(writer, start);
};

const writeVarint = (writer: MessageWriter, value: number): void => {
  const { bytes } = writer;
  let rest = value;
  while (rest > 0x7f) {
    bytes[writer.at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[writer.at++] = rest;
};

const countVarintBytes = (value: number): number => {
  let count = 1;
  for (let rest = value; rest > 0x7f; rest >>>= 7) count++;
  return count;
};

/** @returns whether the text is ASCII; otherwise nothing is written */
const writeAscii = (writer: MessageWriter, text: string): boolean => {
  const { bytes, at } = writer;
  for (let n = 0; n < text.length; n++) {
    const code = text.charCodeAt(n);
    if (code > 0x7f) return false;
    bytes[at + 1 + n] = code;
  }
  bytes[at] = text.length;
  writer.at = at + 1 + text.length;
  return true;
};

const reserve = (writer: MessageWriter, length: number): void => {
  const needed = writer.at + length;
  if (needed <= writer.bytes.length) return;
  const grown = Buffer.allocUnsafe(Math.max(needed, writer.bytes.length * 2));
  writer.bytes.copy(grown, 0, 0, writer.at);
  writer.bytes = grown;
};
