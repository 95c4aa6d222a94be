/**
 * The bytes that stand for a record without a value (a tombstone) in Dapr: its Kafka component publishes them as a null value, and
 * delivers a null value as these bytes. So a record with these four bytes counts as a tombstone as well.
 */
export const nullValue = Buffer.from(JSON.stringify(null));
