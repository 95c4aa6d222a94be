import { expect, it } from 'vitest';
import { assessSchemaRegistry } from './schema-registry.ts';

const facts = { url: 'http://localhost:8081', isReachable: true, isNeeded: false, subjects: 6, differing: [] };

it('schema registry: optional, and complete if there is one', () => {
  expect(assessSchemaRegistry(facts)).toEqual([{ status: 'ok', message: expect.stringContaining('all 6 subjects') }]);
  const absent = assessSchemaRegistry({ ...facts, isReachable: false });
  expect(absent).toEqual([{ status: 'ok', message: expect.stringContaining('no schema registry answers') }]);
  expect(assessSchemaRegistry({ ...facts, isReachable: false, isNeeded: true })).toEqual([
    {
      status: 'problem',
      message: expect.stringContaining('MANDATES_ENCODING=avro needs it'),
      remedy: expect.stringContaining('npm run stack -- up schema-registry'),
    },
  ]);
  expect(assessSchemaRegistry({ ...facts, differing: ['orders-topic-value'] })).toEqual([
    {
      status: 'warning',
      message: expect.stringContaining('orders-topic-value'),
      remedy: expect.stringContaining('npm run schemas -- register'),
    },
  ]);
});
