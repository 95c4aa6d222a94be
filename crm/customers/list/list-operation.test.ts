import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { openEmbeddedPlatform } from '../../../packages/embedded/platform.ts';
import { watchTestOutbox } from '../../../tests/crm-app.ts';
import { openTestDatabase } from '../../../tests/crm-database.ts';
import { molly } from '../../../tests/lab-customers.ts';
import { dataFolder } from '../../../tests/platform-process.ts';
import { createTestRuntime } from '../../../tests/test-runtime.ts';
import { createCrmApp } from '../../app.ts';
import { createImportQueue, importOnce } from '../../imports/index.ts';

type Page = { items: { lastName: string; customerId: string }[]; next: string | null; total?: object };

const createCrm = async () => {
  const context = { ...createTestRuntime(), db: await openTestDatabase(), onCommit: () => {} };
  await importOnce(context, 'data/customer-database.csv');
  const bus = openEmbeddedPlatform(':memory:', []).eventBus('crm');
  const parts = { imports: createImportQueue(context, dataFolder()), outbox: watchTestOutbox(context) };
  const http = request(createCrmApp({ ...context, ...parts, bus, isDurable: false }));
  const page = async (path: string): Promise<Page> => (await http.get(path).expect(200)).body;
  return { http, page };
};
const names = ({ items }: Page) => items.map(({ lastName }) => lastName);

describe('the list of customers', () => {
  it('is filtered by city, mandate and the beginning of a name, without regard to case and accents', async () => {
    const { page } = await createCrm();
    expect(names(await page('/customers?city=wijk%20bij%20DUURSTEDE'))).toEqual(['Johansson']);
    expect(names(await page('/customers?connectionMandate=2'))).toEqual(['Doe', 'Johansson', 'Mendoza']);
    expect(names(await page('/customers?name=l%C3%B3p'))).toEqual(['Lopez']);
    expect(names(await page('/customers?name=lopez,%20cor'))).toEqual(['Lopez']);
    expect(names(await page('/customers?connectionMandate=0&name=b&city=maassluis'))).toEqual(['Berg']);
    expect(names(await page('/customers?connectionId=7733'))).toEqual(['Lopez']);
  });

  it('is filtered by e-mail address, and empty if no customer has it', async () => {
    const { http, page } = await createCrm();
    const email = 'molly+list@example.org';
    await http
      .post('/customers')
      .send({ ...molly, email })
      .expect(201);
    expect(names(await page(`/customers?email=${encodeURIComponent(email)}`))).toEqual(['Peterson']);
    expect(await page('/customers?email=unknown@example.org')).toEqual({ items: [], next: null });
    await http
      .put('/customers/9')
      .send({ ...molly, email: 'other@example.org' })
      .expect(200);
    expect(names(await page(`/customers?email=${encodeURIComponent(email)}`))).toEqual([]);
  });

  it('keeps filter, order and page size from page to page', async () => {
    const { page } = await createCrm();
    const first = await page('/customers?sort=-name&limit=5&total=exact');
    expect(names(first)).toEqual(['Quiz', 'Mendoza', 'Lopez', 'Johansson', 'Doe']);
    expect(first.next).toMatch(/^\/customers\?sort=-name&limit=5&after=1\.[\w-]+$/);
    const second = await page(String(first.next));
    expect(names(second)).toEqual(['Charque', 'Bertrand', 'Berg']);
    expect(second).not.toHaveProperty('total');
  });

  it('is counted only on request, exactly or up to a limit', async () => {
    const { page } = await createCrm();
    expect((await page('/customers?limit=1&total=exact')).total).toEqual({ exactly: 8 });
    expect((await page('/customers?connectionMandate=2&total=3')).total).toEqual({ exactly: 3 });
    expect((await page('/customers?connectionMandate=2&total=2')).total).toEqual({ moreThan: 2 });
  });

  it.each([
    ['sort=city', 'sort'],
    ['city=Delft&sort=updatedAt', 'sort'],
    ['email=x@example.org&city=Delft', 'city'],
    ['after=7.eA', 'after'],
    ['sort=name&after=7', 'after'],
    ['sort=updatedAt&after=7.eA', 'after'],
    ['name=x&after=7.eQ', 'after'],
    ['total=0', 'total'],
    ['lastName=Lopez', 'lastName'],
  ])('is refused with the possible alternatives for %s', async (query, field) => {
    const { http } = await createCrm();
    const { body } = await http.get(`/customers?${query}`).expect(400);
    expect(body).toMatchObject({
      type: 'urn:problem:invalid-parameter',
      errors: [{ field, expected: expect.any(String) }],
    });
  });
});
