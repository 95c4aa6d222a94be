import type { Response } from 'express';
import { z } from 'zod';

/** The strong entity tag of a resource with a version number. */
const entityTag = (version: number): string => `"${version}"`;

const tag = String.raw`(?:W/)?"[\x21\x23-\x7e]*"`;
const expected = '* or entity tags such as "3", separated by commas';
const entityTags = z
  .string(expected)
  .regex(new RegExp(String.raw`^(?:\*|${tag}(?:[ \t]*,[ \t]*${tag})*)$`), expected)
  .optional()
  .meta({ examples: ['"1"'] });

/** Header schemas of an operation that reads, and of one that writes. */
export const conditionalReadHeaders = { 'If-None-Match': entityTags };
export const conditionalWriteHeaders = { 'If-Match': entityTags, 'If-None-Match': entityTags };

type Preconditions = { 'If-Match'?: string | undefined; 'If-None-Match'?: string | undefined };

/** `*` matches any version. */
const includesTag = (sent: string, tag: string) => sent === '*' || sent.split(/[ \t]*,[ \t]*(?=W\/|")/).includes(tag);

/** `If-None-Match` uses weak comparison: a weak tag matches the strong tag. */
const matchesWeakly = (sent: string | undefined, version: number) =>
  sent !== undefined && (includesTag(sent, entityTag(version)) || includesTag(sent, `W/${entityTag(version)}`));

/** Creates a check whether the request may change a version. `If-Match` uses strong comparison: a weak tag matches nothing. */
export const createWriteCheck =
  ({ 'If-Match': match, 'If-None-Match': noneMatch }: Preconditions) =>
  (version: number): boolean =>
    (match === undefined || includesTag(match, entityTag(version))) && !matchesWeakly(noneMatch, version);

/** Sends the resource with its tag, or 304 without a body if the client has this version. */
export const sendVersion = (
  res: Response,
  version: number,
  body: object,
  { 'If-None-Match': known }: Preconditions = {},
): void => {
  res.set('ETag', entityTag(version));
  if (matchesWeakly(known, version)) res.status(304).end();
  else res.json(body);
};
