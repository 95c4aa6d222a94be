import { isDeepStrictEqual } from 'node:util';
import avsc from 'avsc';

type Node = Readonly<Record<string, unknown>>;

/**
 * Finds the changes with which a reader of one schema cannot read records of the other, in either direction, by the resolution of Avro.
 * Avro fills in a missing field with its default, and a default for a mandate would be a consent that no customer gave: so a released
 * field also stays as it is, and only a new field has a default.
 * @returns a sentence for each change, which begins with its field where it has one
 */
export const findAvroChanges = (released: unknown, current: unknown): string[] => {
  const [before, after] = [parse(released), parse(current)];
  const unreadable = [
    ...resolve(after, before, 'A new reader cannot read released records'),
    ...resolve(before, after, 'A released reader cannot read new records'),
  ];
  const changed = compare(released, current, '');
  return changed.length > 0 ? changed : unreadable;
};

/** @throws Error with the reason when it is not an Avro schema */
const parse = (schema: unknown): avsc.Type => avsc.Type.forSchema(schema as avsc.Schema, { noAnonymousTypes: true });

const resolve = (reader: avsc.Type, writer: avsc.Type, what: string): string[] => {
  try {
    reader.createResolver(writer);
    return [];
  } catch (error) {
    return [`${what}: ${(error as Error).message}.`];
  }
};

const compare = (before: unknown, after: unknown, path: string): string[] => {
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return before.flatMap((type, n) => compare(type, after[n], path));
  if (!isNode(before) || !isNode(after)) return compareValues('type', before, after, path);
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  keys.delete('doc');
  return [...keys].flatMap((key) => {
    if (key === 'fields') return compareFields(toFields(before.fields), toFields(after.fields), path);
    if (key === 'type' || key === 'items' || key === 'values') return compare(before[key], after[key], path);
    return compareValues(key, before[key], after[key], path);
  });
};

const compareFields = (before: ReadonlyMap<string, Node>, after: ReadonlyMap<string, Node>, path: string): string[] => {
  const kept = [...before].flatMap(([name, field]) => {
    const now = after.get(name);
    const place = path === '' ? name : `${path}.${name}`;
    return now ? compare(field, now, place) : [`${place} was removed or renamed: subscribers read it.`];
  });
  const added = [...after].filter(([name, field]) => !before.has(name) && field.default === undefined);
  const place = (name: string) => (path === '' ? name : `${path}.${name}`);
  return [...kept, ...added.map(([name]) => `${place(name)} is new and has no default: records in the log lack it.`)];
};

const compareValues = (key: string, before: unknown, after: unknown, path: string): string[] => {
  if (isDeepStrictEqual(before, after)) return [];
  const format = (value: unknown) => (value === undefined ? 'absent' : JSON.stringify(value));
  return [`${path || 'the event'}: ${key} was ${format(before)} and is ${format(after)}.`];
};

const toFields = (fields: unknown): ReadonlyMap<string, Node> =>
  new Map((Array.isArray(fields) ? fields : []).filter(isNode).map((field) => [String(field.name), field]));
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);
