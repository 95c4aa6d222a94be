import { isUtf8 } from 'node:buffer';
import { wireTypes } from './message-writer.ts';

/** Bytes that are not the expected protobuf message. */
export class MalformedMessage extends Error {
  override name = 'MalformedMessage';
}

/**
 * A protobuf message that is read from the byte `at` up to `end`. Read it in a loop: while `at < end`, `readField` returns the number of the
 * next field, and one of the other functions reads or skips its value. The loop creates no object per field.
 */
export type MessageReader = {
  bytes: Buffer;
  at: number;
  end: number;
  /** The wire type of the field that `readField` returned. */
  wireType: number;
};

/** A varint of 64 bits has this many bytes. */
const maxVarintBytes = 10;

/** Reads the message in `bytes` from `start` up to `end`. The bytes are not copied. */
export const createMessageReader = (bytes: Buffer, start = 0, end = bytes.length): MessageReader => ({
  bytes,
  at: start,
  end,
  wireType: 0,
});

/** @returns the number of the next field. @throws MalformedMessage */
export const readField = (reader: MessageReader): number => {
  const tag = readVarint(reader);
  reader.wireType = tag & 7;
  if (tag < 8) throw new MalformedMessage('a field has the number 0');
  return tag >>> 3;
};

/**
 * Reads the length of a field of bytes, a text or a nested message. The value then begins at `reader.at`; set `reader.at` to the
 * returned end of it. @throws MalformedMessage if the field is another type or longer than the message
 */
export const readValueEnd = (reader: MessageReader): number => {
  expectWireType(reader, wireTypes.bytes);
  const length = readVarint(reader);
  if (length > reader.end - reader.at) throw new MalformedMessage('a field is longer than its message');
  return reader.at + length;
};

/** Reads bytes; they share memory with the message. @throws MalformedMessage */
export const readBytesField = (reader: MessageReader): Buffer => {
  const end = readValueEnd(reader);
  const value = reader.bytes.subarray(reader.at, end);
  reader.at = end;
  return value;
};

/** @throws MalformedMessage if the field is no text, or not UTF-8 */
export const readTextField = (reader: MessageReader): string => {
  const end = readValueEnd(reader);
  const text = decodeText(reader.bytes, reader.at, end);
  reader.at = end;
  return text;
};

/** Decodes the text from `start` up to `end`. @throws MalformedMessage if it is not UTF-8 */
export const decodeText = (bytes: Buffer, start: number, end: number): string => {
  let at = start;
  while (at < end && (bytes[at] as number) < 0x80) at++;
  if (at === end) return bytes.toString('latin1', start, end);
  if (!isUtf8(bytes.subarray(at, end))) throw new MalformedMessage('a text is not UTF-8');
  return bytes.toString('utf8', start, end);
};

/** Skips the value of an unknown field. @throws MalformedMessage, also for a group, which proto3 does not have */
export const skipField = (reader: MessageReader): void => {
  if (reader.wireType === wireTypes.bytes) reader.at = readValueEnd(reader);
  else if (reader.wireType === wireTypes.varint) skipVarint(reader);
  else if (reader.wireType === wireTypes.fixed64) reader.at += 8;
  else if (reader.wireType === wireTypes.fixed32) reader.at += 4;
  else throw new MalformedMessage(`a field has the wire type ${reader.wireType}`);
  if (reader.at > reader.end) throw new MalformedMessage('a field is longer than its message');
};

const expectWireType = ({ wireType }: MessageReader, expected: number): void => {
  if (wireType !== expected) throw new MalformedMessage(`a field has the wire type ${wireType}, not ${expected}`);
};

const readVarint = (reader: MessageReader): number => {
  const { bytes, end } = reader;
  if (reader.at >= end) throw new MalformedMessage('the message is cut off');
  const first = bytes[reader.at++] as number;
  if (first < 0x80) return first;
  let value = first & 0x7f;
  for (let shift = 7; shift < 35; shift += 7) {
    if (reader.at >= end) throw new MalformedMessage('the message is cut off');
    const byte = bytes[reader.at++] as number;
    if (shift === 28 && byte > 0x0f) break;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value >>> 0;
  }
  throw new MalformedMessage('a number is larger than 32 bits');
};

const skipVarint = (reader: MessageReader): void => {
  for (let n = 0; n < maxVarintBytes; n++) {
    if (reader.at >= reader.end) throw new MalformedMessage('the message is cut off');
    if ((reader.bytes[reader.at++] as number) < 0x80) return;
  }
  throw new MalformedMessage('a number is longer than 10 bytes');
};
