import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { testWorld } from '../../tests/test-world.ts';
import { httpApp } from './app.ts';
import { sendVersion, writePrecondition } from './preconditions.ts';

const http = request(
  httpApp(
    {
      '/thing': {
        get: (req, res) => sendVersion(req, res, 3, { version: 3 }),
        put: (req, res) => void res.sendStatus(writePrecondition(req)(3) ? 200 : 412),
      },
    },
    testWorld(),
  ),
);

describe('reading a version', () => {
  it('gives it with a strong tag', async () => {
    await http.get('/thing').expect(200, { version: 3 }).expect('ETag', '"3"');
  });

  it.each([
    '"3"',
    'W/"3"',
    '"2", "3"',
    '"2" ,W/"3"',
    '*',
  ])('answers 304 with nothing to whoever has %s', async (sent) => {
    const { text } = await http.get('/thing').set('If-None-Match', sent).expect(304).expect('ETag', '"3"');
    expect(text).toBe('');
  });

  it.each(['"2"', '""', '"33"', 'W/"2"'])('gives it to whoever has %s', async (sent) => {
    await http.get('/thing').set('If-None-Match', sent).expect(200);
  });
});

describe('writing a version', () => {
  it.each([
    ['If-Match', '"3"', 200],
    ['If-Match', '"1", "3"', 200],
    ['If-Match', '*', 200],
    ['If-Match', '"2"', 412],
    ['If-Match', 'W/"3"', 412],
    ['If-None-Match', '*', 412],
    ['If-None-Match', 'W/"3"', 412],
    ['If-None-Match', '"2"', 200],
  ])('%s: %s is answered %i', async (header, sent, status) => {
    await http.put('/thing').set(header, sent).expect(status);
  });

  it('needs no precondition', async () => {
    await http.put('/thing').expect(200);
  });
});

it.each(['3', '"3', '"3""4"', '"3",', '"3";"4"', '*, "3"', 'w/"3"', ''])('refuses %j as a tag', async (sent) => {
  const { body } = await http.put('/thing').set('If-Match', sent).expect(400);
  expect(body).toMatchObject({ type: 'urn:problem:malformed-header', errors: [{ field: 'If-Match', got: sent }] });
  await http.get('/thing').set('If-None-Match', sent).expect(400);
});
