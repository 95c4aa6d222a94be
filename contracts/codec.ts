/** How the events of a topic become bytes. An event is an object, whatever the codec. */
export type Codec = {
  /** The media type of an encoded event. */
  readonly contentType: string;
  encode(event: object): Buffer;
  /** @throws Error whose message says why the bytes are no event: such a record can never be applied */
  decode(value: Buffer): object;
};

/**
 * JSON in UTF-8. It also decodes an object that was encoded twice, into a JSON string inside JSON: a publisher that hands
 * Dapr a text instead of an object writes such records.
 */
export const jsonCodec: Codec = {
  contentType: 'application/cloudevents+json',
  encode: (event) => Buffer.from(JSON.stringify(event)),
  decode: (value) => {
    const event = parseIfString(parseJson(value.toString()));
    if (!isObject(event)) throw new Error('not a JSON object');
    return event;
  },
};

/** Of a value that may be JSON text: what the text says. @throws Error where it is a text and not JSON */
export const parseIfString = (value: unknown): unknown => (typeof value === 'string' ? parseJson(value) : value);

export const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('not JSON');
  }
};
