import type { Request, Response } from 'express';
import { DomainError } from '../domain-error.ts';

/** The strong entity tag of a resource whose versions are counted. */
export const entityTag = (version: number): string => `"${version}"`;

const tag = String.raw`(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"`;
const tags = new RegExp(`^${tag}(?:[ \t]*,[ \t]*${tag})*$`);

/** `*` stands for whatever is there. @throws DomainError malformed-header */
const entityTags = (req: Request, header: 'If-Match' | 'If-None-Match'): '*' | string[] | undefined => {
  const value = req.get(header)?.trim();
  if (value === undefined || value === '*') return value;
  if (tags.test(value)) return value.match(new RegExp(tag, 'g')) ?? [];
  const errors = [{ field: header, expected: '* or entity tags such as "3", separated by commas', got: value }];
  throw new DomainError('malformed-header', `${header}: ${errors[0]?.expected}`, { errors });
};

/** `If-Match` compares strongly: a weak tag matches nothing. `If-None-Match` does not care. */
const names = (sent: '*' | string[], version: number, { weakly }: { weakly: boolean }) =>
  sent === '*' || sent.some((one) => (weakly ? one.replace(/^W\//, '') : one) === entityTag(version));

/** Tells of a version whether the request may change it. @throws DomainError malformed-header */
export const writePrecondition = (req: Request): ((version: number) => boolean) => {
  const match = entityTags(req, 'If-Match');
  const noneMatch = entityTags(req, 'If-None-Match');
  return (version) =>
    (match === undefined || names(match, version, { weakly: false })) &&
    (noneMatch === undefined || !names(noneMatch, version, { weakly: true }));
};

/** Answers with the resource and its tag; with 304 and nothing where the caller has this version. */
export const sendVersion = (req: Request, res: Response, version: number, body: object): void => {
  const known = entityTags(req, 'If-None-Match');
  res.set('ETag', entityTag(version));
  if (known !== undefined && names(known, version, { weakly: true })) return void res.status(304).end();
  res.json(body);
};
