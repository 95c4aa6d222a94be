import { isDeepStrictEqual } from 'node:util';

type Schema = Readonly<Record<string, unknown>>;

/** What a validator ignores. `default` is not in the list: a reader may fill it in. */
const annotations = new Set(['$comment', '$id', 'deprecated', 'description', 'examples', 'title']);
/** Lists whose order means nothing. */
const sets = new Set(['enum', 'required', 'type']);
/** Keywords with which a schema may refuse a field that it does not name. */
const closingKeywords = [
  '$dynamicRef',
  '$ref',
  'dependentSchemas',
  'else',
  'if',
  'maxProperties',
  'not',
  'oneOf',
  'patternProperties',
  'propertyNames',
  'then',
  'unevaluatedProperties',
];

/** Those of them that apply another schema, which may also refuse fields deeper inside. */
const appliedKeywords = closingKeywords.filter(
  (keyword) => !/Properties$|^propertyNames$/.test(keyword) || keyword === 'patternProperties',
);

/**
 * Finds the changes with which a reader of one schema would refuse an event of the other, in either direction, or would miss a field.
 * Allowed are a new optional field and other annotations. Every other difference is reported, also where it changes no meaning.
 * @returns a sentence for each change, which begins with its field
 */
export const findJsonSchemaChanges = (released: unknown, current: unknown): string[] =>
  compare(released, current, { path: '', isClosed: false, areFieldsClosed: false });

/** `isClosed`: a new field here may be refused. `areFieldsClosed`: also one inside the fields that are here. */
type Place = { readonly path: string; readonly isClosed: boolean; readonly areFieldsClosed: boolean };

const compare = (released: unknown, current: unknown, place: Place): string[] => {
  if (!isSchema(released) || !isSchema(current)) return compareValues('the schema', released, current, place);
  const isClosed = place.isClosed || isClosedSchema(released) || isClosedSchema(current);
  const areFieldsClosed = place.areFieldsClosed || closesFields(released) || closesFields(current);
  const here = { ...place, isClosed, areFieldsClosed };
  const keywords = [...new Set([...Object.keys(released), ...Object.keys(current)])].filter(
    (name) => !annotations.has(name),
  );
  return keywords.flatMap((keyword) => {
    const [before, after] = [released[keyword], current[keyword]];
    if (keyword === 'properties') return compareProperties(before ?? {}, after ?? {}, released, here);
    if (keyword === 'required') return compareRequired(before ?? [], after ?? [], here);
    if (keyword === 'items' && isSchema(before) && isSchema(after))
      return compare(before, after, { path: `${place.path}[]`, isClosed: areFieldsClosed, areFieldsClosed });
    const isList = keyword === 'allOf' || keyword === 'anyOf';
    if (isList && Array.isArray(before) && Array.isArray(after) && before.length === after.length)
      return before.flatMap((schema, n) => compare(schema, after[n], here));
    return compareValues(keyword, before, after, place);
  });
};

const compareProperties = (before: unknown, after: unknown, released: Schema, place: Place): string[] => {
  if (!isSchema(before) || !isSchema(after)) return compareValues('properties', before, after, place);
  const { path, isClosed, areFieldsClosed } = place;
  const kept = Object.keys(before).flatMap((name) => {
    const field = join(path, name);
    if (!Object.hasOwn(after, name)) {
      const kind = isRequired(released, name) ? 'required' : 'optional';
      return [`${field} was removed or renamed: subscribers read this ${kind} field.`];
    }
    return compare(before[name], after[name], { path: field, isClosed: areFieldsClosed, areFieldsClosed });
  });
  const added = Object.keys(after).filter((name) => !Object.hasOwn(before, name));
  const refused = isClosed ? added.map((name) => `${join(path, name)} is new: a reader may refuse fields here.`) : [];
  return [...kept, ...refused];
};

const compareRequired = (before: unknown, after: unknown, { path }: Place): string[] => {
  if (!Array.isArray(before) || !Array.isArray(after)) return [`${nameOf(path)}: required is not a list.`];
  const added = after.filter((name) => !before.includes(name));
  const removed = before.filter((name) => !after.includes(name));
  return [
    ...added.map((name) => `${join(path, String(name))} is newly required: events in the log may lack it.`),
    ...removed.map((name) => `${join(path, String(name))} is no longer required: subscribers rely on it.`),
  ];
};

const compareValues = (keyword: string, before: unknown, after: unknown, { path }: Place): string[] => {
  const [left, right] = sets.has(keyword) ? [sort(before), sort(after)] : [before, after];
  if (isDeepStrictEqual(left, right)) return [];
  return [`${nameOf(path)}: ${keyword} was ${format(before)} and is ${format(after)}.`];
};

const isClosedSchema = (schema: Schema): boolean =>
  closingKeywords.some((keyword) => Object.hasOwn(schema, keyword)) ||
  (schema.additionalProperties !== undefined && schema.additionalProperties !== true) ||
  [schema.allOf, schema.anyOf].some(
    (list) => Array.isArray(list) && list.some((one) => isSchema(one) && isClosedSchema(one)),
  );

/** Whether a part of the schema that stands next to its properties may refuse fields inside them. */
const closesFields = (schema: Schema): boolean =>
  appliedKeywords.some((keyword) => Object.hasOwn(schema, keyword)) ||
  [schema.allOf, schema.anyOf].some(containsClosed);

const containsClosed = (value: unknown): boolean => {
  if (Array.isArray(value)) return value.some(containsClosed);
  return isSchema(value) && (isClosedSchema(value) || Object.values(value).some(containsClosed));
};

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isRequired = ({ required }: Schema, name: string): boolean => Array.isArray(required) && required.includes(name);
const sort = (value: unknown): unknown => (Array.isArray(value) ? value.map(format).sort() : value);
const format = (value: unknown): string => (value === undefined ? 'absent' : JSON.stringify(value));
const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);
const nameOf = (path: string): string => (path === '' ? 'the event' : path);
