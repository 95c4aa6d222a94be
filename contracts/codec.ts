import { isUtf8 } from 'node:buffer';

/** The encoding of a topic's event values. A decoded event is always an object. */
export type Codec = {
  /** The media type of an encoded event. */
  readonly contentType: string;
  /** Loads what `encode` needs. @throws Error with the reason: the events must wait, and are encoded later */
  prepareToEncode?(): Promise<void>;
  /** Loads what `decode` needs for these values. @throws Error with the reason: the records must be delivered again */
  prepareToDecode?(values: readonly Buffer[]): Promise<void>;
  /** The readiness check. @throws Error with the reason while events cannot be encoded, or could not be decoded */
  check?(): Promise<void>;
  /** @throws Error that names the field when the event is not valid in this encoding */
  encode(event: object): Buffer;
  /** @throws Error with the reason when the bytes are not an event: such a poison record can never be applied */
  decode(value: Buffer): object;
};

/**
 * JSON in UTF-8. It also decodes an object that was encoded twice, as a JSON string inside JSON, because a publisher that gives Dapr a
 * string instead of an object writes such records.
 */
export const jsonCodec: Codec = {
  contentType: 'application/cloudevents+json',
  encode: (event) => Buffer.from(JSON.stringify(event)),
  decode: (value) => {
    // Buffer.toString would replace the wrong bytes, and the event would contain another text than was sent.
    if (!isUtf8(value)) throw new Error('not JSON in UTF-8');
    const event = parseIfString(parseJson(value.toString()));
    if (!isObject(event)) throw new Error('not a JSON object');
    return event;
  },
};

/** Parses the value if it is a string, otherwise returns it. @throws Error if it is a string and not JSON */
export const parseIfString = (value: unknown): unknown => (typeof value === 'string' ? parseJson(value) : value);

/** Whether the value is an object, and neither null nor an array. */
export const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('not JSON');
  }
};
