import { expect, it } from 'vitest';
import { assessSchemaRegistry } from './schema-registry.ts';

const facts = { url: 'http://localhost:8081', isReachable: true, subjects: 6, differing: [] };

it('schema registry: optional, and complete if there is one', () => {
  expect(assessSchemaRegistry(facts)).toEqual([{ status: 'ok', message: expect.stringContaining('all 6 subjects') }]);
  const absent = assessSchemaRegistry({ ...facts, isReachable: false });
  expect(absent).toEqual([{ status: 'ok', message: expect.stringContaining('no schema registry answers') }]);
  expect(assessSchemaRegistry({ ...facts, differing: ['orders-topic-value'] })).toEqual([
    {
      status: 'warning',
      message: expect.stringContaining('orders-topic-value'),
      remedy: expect.stringContaining('npm run schemas -- register'),
    },
  ]);
});
