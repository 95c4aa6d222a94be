import type { Response } from 'express';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { conditionalWriteHeaders, createWriteCheck, sendVersion } from './preconditions.ts';

const version3 = (known?: string) => {
  const calls: unknown[] = [];
  const res = {
    set: (name: string, value: string) => calls.push(name, value),
    status: (status: number) => ({ end: () => calls.push(status) }),
    json: (body: object) => calls.push(body),
  };
  sendVersion(res as unknown as Response, 3, { city: 'Delft' }, { 'If-None-Match': known });
  return calls;
};

describe('reading version 3', () => {
  it.each([undefined, '"2"', '""', '"33"', 'W/"2"'])('sends body and tag when If-None-Match is %s', (known) =>
    expect(version3(known)).toEqual(['ETag', '"3"', { city: 'Delft' }]));

  it.each(['"3"', 'W/"3"', '"2", "3"', '"2" ,W/"3"', '*'])('sends 304 with the tag when If-None-Match is %s', (known) =>
    expect(version3(known)).toEqual(['ETag', '"3"', 304]));
});

describe('writing over version 3', () => {
  it.each([
    ['If-Match', '"3"', true],
    ['If-Match', '"1", "3"', true],
    ['If-Match', '*', true],
    ['If-Match', '"2"', false],
    ['If-Match', 'W/"3"', false],
    ['If-Match', '"a,b", "3"', true],
    ['If-None-Match', '*', false],
    ['If-None-Match', 'W/"3"', false],
    ['If-None-Match', '"2"', true],
  ])('with the header %s: %s is allowed: %s', (header, sent, passes) =>
    expect(createWriteCheck({ [header]: sent })(3)).toBe(passes));

  it('needs no precondition', () => expect(createWriteCheck({})(3)).toBe(true));
});

it.each(['3', '"3', '"3""4"', '"3",', '"3";"4"', '*, "3"', 'w/"3"', ''])('%j is not a list of tags', (sent) =>
  expect(z.object(conditionalWriteHeaders).safeParse({ 'If-Match': sent }).success).toBe(false));

// With quadratic steps this list would take longer than a test may.
it('reads a long list in linear time', () => {
  const sent = `${'"3" , '.repeat(100_000)}x`;
  expect(z.object(conditionalWriteHeaders).safeParse({ 'If-Match': sent }).success).toBe(false);
});
