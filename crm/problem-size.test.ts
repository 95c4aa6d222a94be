import { beforeEach, expect, it } from 'vitest';
import { createCrmWithCorinne } from '../tests/crm-app.ts';

let crm: Awaited<ReturnType<typeof createCrmWithCorinne>>;
beforeEach(async () => {
  crm = await createCrmWithCorinne();
});

const many = Array.from({ length: 20_000 }, (_, n) => [`a${n}`, 'x'.repeat(30)]);

it('answers a body with thousands of wrong fields in a few kilobytes', async () => {
  const { text, body } = await crm.http.post('/customers').send(Object.fromEntries(many)).expect(422);
  expect(text.length).toBeLessThan(10_000);
  expect(body.errors).toHaveLength(20);
  expect(body.errorsNotListed).toBeGreaterThan(19_000);
});

it('answers a query with hundreds of unknown parameters, and a very long path, in a few kilobytes', async () => {
  const query = new URLSearchParams(Array.from({ length: 900 }, (_, n) => [`a${n}`, '1'])).toString();
  const { body, text } = await crm.http.get(`/customers?${query}`).expect(400);
  expect(body.errors).toHaveLength(20);
  expect(text.length).toBeLessThan(5_000);
  const unknown = await crm.http.get(`/${'x'.repeat(10_000)}`).expect(404);
  expect(unknown.body.detail.length).toBeLessThanOrEqual(1_000);
});
