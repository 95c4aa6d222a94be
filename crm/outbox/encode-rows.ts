import { type Codec, jsonCodec } from '../../contracts/codec.ts';
import { topics } from '../../contracts/topics.ts';
import { NotDurable, type OutgoingEvent } from '../../packages/projections/event-bus.ts';

const codecs = new Map(Object.values(topics).map(({ name, codec }) => [name as string, codec]));

/** The codec of a topic of this release. */
export const findCodec = (topic: string): Codec => codecs.get(topic) ?? jsonCodec;

/**
 * Encodes waiting events, which the outbox holds as JSON. An event that the codec refuses stays in the outbox and holds up no other.
 * @returns the events to publish, and an error that names each refused event, its key and the field
 * @throws Error with the reason when the codec cannot encode now
 */
export const encodeRows = async (
  codec: Codec,
  topic: string,
  rows: readonly { readonly id: string; readonly eventKey: string; readonly event: string }[],
): Promise<{ events: readonly OutgoingEvent[]; refused: NotDurable | undefined }> => {
  await codec.prepareToEncode?.();
  const encode = (event: string) =>
    codec === jsonCodec || event === '' ? Buffer.from(event) : codec.encode(JSON.parse(event));
  const events: OutgoingEvent[] = [];
  const reasons: string[] = [];
  const refusedIds: string[] = [];
  for (const { id, eventKey: key, event } of rows) {
    try {
      events.push({ id, key, value: encode(event) });
    } catch (error) {
      refusedIds.push(id);
      if (reasons.length < maxReasons) reasons.push(`event ${id} of key ${key}: ${(error as Error).message}`);
    }
  }
  if (refusedIds.length === 0) return { events, refused: undefined };
  const list = `${reasons.join('; ')}${refusedIds.length > maxReasons ? '; …' : ''}`;
  return { events, refused: new NotDurable(refusedIds, `not valid for ${topic} (${codec.contentType}): ${list}`) };
};

const maxReasons = 5;
