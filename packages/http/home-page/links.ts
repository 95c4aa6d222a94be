import { createSchemaDescriber } from '../openapi/json-schema.ts';
import { describeParameters } from '../openapi/request-description.ts';
import type { Operation, Routes } from '../operation.ts';

export type Link = { readonly url: string; readonly summary: string; readonly tag: string };

/** Links to the GET operations that need no token and no parameter, or only parameters with an example that exists. */
export const listLinks = (routes: Routes): Link[] =>
  Object.entries(routes).flatMap(([path, { get }]) => {
    if (!get || get.token === 'required' || isStream(get)) return [];
    const url = createUrl(path, get);
    return url === undefined || url === '/' ? [] : [{ url, summary: get.summary, tag: get.tag ?? '' }];
  });

/** A browser would load a stream of events forever. */
const isStream = ({ responses }: Operation) =>
  Object.values(responses).some(({ mediaType }) => mediaType === 'text/event-stream');

const createUrl = (path: string, operation: Operation): string | undefined => {
  const parameters = describeParameters(operation, createSchemaDescriber()).filter(({ required }) => required);
  if (parameters.some(({ example }) => example === undefined)) return undefined;
  const given = parameters.map((parameter) => ({ ...parameter, value: String(parameter.example) }));
  const filled = given.reduce((text, { name, value }) => text.replace(`:${name}`, encodeURIComponent(value)), path);
  const query = given.filter((parameter) => parameter.in === 'query').map(({ name, value }) => [name, value]);
  return query.length > 0 ? `${filled}?${new URLSearchParams(query)}` : filled;
};
