import type { Response } from 'express';
import { z } from 'zod';

/** The strong entity tag of a resource whose versions are counted. */
const entityTag = (version: number): string => `"${version}"`;

const tag = String.raw`(?:W/)?"[\x21\x23-\x7e]*"`;
const expected = '* or entity tags such as "3", separated by commas';
const entityTags = z
  .string(expected)
  .regex(new RegExp(String.raw`^(?:\*|${tag}(?:[ \t]*,[ \t]*${tag})*)$`), expected)
  .optional();

/** For the schema of an operation's headers. */
export const readPrecondition = { 'If-None-Match': entityTags };
export const writePreconditions = { 'If-Match': entityTags, 'If-None-Match': entityTags };

type Preconditions = { 'If-Match'?: string | undefined; 'If-None-Match'?: string | undefined };

/** `*` names whatever is there. */
const names = (sent: string, tag: string) => sent === '*' || sent.split(/[ \t]*,[ \t]*(?=W\/|")/).includes(tag);

/** `If-None-Match` compares weakly: a weak tag is as good as a strong one. */
const isKnown = (sent: string | undefined, version: number) =>
  sent !== undefined && (names(sent, entityTag(version)) || names(sent, `W/${entityTag(version)}`));

/** Tells of a version whether the request may change it. `If-Match` compares strongly: a weak tag matches nothing. */
export const mayWrite =
  ({ 'If-Match': match, 'If-None-Match': noneMatch }: Preconditions) =>
  (version: number): boolean =>
    (match === undefined || names(match, entityTag(version))) && !isKnown(noneMatch, version);

/** Answers with the resource and its tag; with 304 and nothing where the caller has this version. */
export const sendVersion = (
  res: Response,
  version: number,
  body: object,
  { 'If-None-Match': known }: Preconditions = {},
): void => {
  res.set('ETag', entityTag(version));
  if (isKnown(known, version)) res.status(304).end();
  else res.json(body);
};
