/** Per topic and partition the offset of the next record. */
export type Places = Map<string, Map<number, number>>;

const form = /^[A-Za-z0-9._-]{1,200}\/\d{1,6}\/\d{1,15}(,[A-Za-z0-9._-]{1,200}\/\d{1,6}\/\d{1,15}){0,999}$/;
/** What the id of an event is, for a client that sends it back. */
export const placesForm = 'the id of an event of this stream: topic/partition/offset, comma-separated';
export const placesPattern = form;

/** Writes places as the id of an event. */
export const formatPlaces = (places: Places): string =>
  [...places].flatMap(([topic, offsets]) => [...offsets].map((place) => [topic, ...place].join('/'))).join(',');

/** @param text matches `placesPattern` */
export const parsePlaces = (text: string): Places => {
  const places: Places = new Map();
  for (const place of text.split(',')) {
    const [topic = '', partition, offset] = place.split('/');
    const ofTopic = places.get(topic) ?? new Map<number, number>();
    places.set(topic, ofTopic.set(Number(partition), Number(offset)));
  }
  return places;
};
