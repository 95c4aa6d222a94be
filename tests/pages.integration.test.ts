import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canOpenBrowser, openBrowser, openPage, type WatchedPage } from './browser.ts';
import { eventually } from './eventually.ts';
import { fetchMandate, getJson } from './http.ts';
import { corinne, molly } from './lab-customers.ts';
import { dataFolder, root, startPlatform } from './platform-process.ts';

const services = [
  ['CRM', 'crm'],
  ['IoT platform', 'iotPlatform'],
  ['customer-view', 'customerView'],
] as const;

const file = 'data/registrations.csv';

/** Opens /docs and waits until the page shows the operations. */
const openDocs = async (page: Page, url: string) => {
  await page.goto(`${url}/docs`);
  await page.locator('.opblock').first().waitFor();
};

/** Tries an operation with exactly the values that the page offers, and with the file if one is given. */
const executeAsOffered = async (page: Page, id: string, file?: string) => {
  const operation = page.locator(`#operations-${id}`);
  await operation.locator('.opblock-summary').click();
  await operation.getByRole('button', { name: 'Try it out' }).click();
  if (file) await operation.locator('input[type=file]').setInputFiles(join(root, file));
  await operation.getByRole('button', { name: 'Execute' }).click();
  const answer = operation.locator('.live-responses-table .response').first();
  const status = Number(await answer.locator('.response-col_status').innerText());
  const body = answer.locator('.highlight-code pre').first();
  return { status, body: status === 204 ? undefined : JSON.parse(await body.innerText()) };
};

const widthOf = (page: Page) => page.evaluate('document.documentElement.scrollWidth');
const isDark = (page: Page) =>
  page.evaluate(`(() => {
    const [red, green, blue] = getComputedStyle(document.documentElement).backgroundColor.match(/[0-9.]+/g).map(Number);
    return document.documentElement.classList.contains('dark-mode') && red + green + blue < 300;
  })()`);

describe.skipIf(!(await canOpenBrowser()))('in a browser', () => {
  let browser: Browser;
  let platform: Awaited<ReturnType<typeof startPlatform>>;
  beforeAll(async () => {
    browser = await openBrowser();
    platform = await startPlatform({ DATA_DIR: dataFolder() });
    await eventually(async () => expect(await fetchMandate({ url: platform.iotPlatform }, '7733')).toBe('1'));
  });
  afterAll(() => Promise.all([browser?.close(), platform?.end('SIGTERM')]));

  const executeAll = async (
    page: WatchedPage,
    operations: readonly (readonly [id: string, status: number, body?: object, file?: string])[],
  ) => {
    for (const [id, status, body, file] of operations)
      expect([id, await executeAsOffered(page, id, file)]).toMatchObject([id, { status, ...(body && { body }) }]);
    expect(page.problems).toEqual([]);
  };

  it('a page that loads something from another host is noticed', async () => {
    const page = await openPage(browser);
    await page.goto(platform.crm);
    await page.evaluate("document.body.append(Object.assign(new Image(), { src: 'http://example.org/' }))");
    const violation = expect.stringContaining('violates the following Content Security Policy directive');
    await eventually(() => expect(page.problems).toContainEqual(violation));
  });

  it('every kind of change works as /docs offers it, and leaves the customers of the CSV as they are', async () => {
    const customers = await getJson(`${platform.crm}/`);
    const page = await openPage(browser);
    await openDocs(page, platform.crm);
    await executeAll(page, [
      ['Customers-getCustomersCustomerId', 200, { customerId: '7', ...corinne, version: 1 }],
      ['Customers-postCustomers', 201, { customerId: '9', ...molly, email: null }],
      ['Customers-patchCustomersCustomerId', 200, { customerId: '7', ...corinne, version: 1 }],
      ['Customers-putCustomersCustomerId', 200, { customerId: '7', ...corinne, version: 1 }],
      ['Customers-postCustomersCustomerIdRepublication', 200, { customerId: '7', state: 'record' }],
      ['Mandates-postMandatesConnectionIdRepublication', 200, { connectionId: '7733', connectionMandate: '1' }],
      ['Orders-postOrders', 201, { customerId: '7', total: { amount: 14_700, currency: 'EUR' } }],
      ['Greetings-postGreetings', 201, { message: 'Good morning' }],
      ['Imports-postImports', 202, { dryRun: true, progress: { bytes: statSync(join(root, file)).size } }, file],
      ['Customers-deleteCustomersCustomerId', 204],
      ['Personal_data-postCustomersCustomerIdErasure', 200, { customerId: '9' }],
    ]);
    expect(await getJson(`${platform.crm}/`)).toEqual(customers);
  });

  it('the views answer as /docs offers it', async () => {
    const page = await openPage(browser);
    await openDocs(page, platform.iotPlatform);
    const mandate = { connectionId: '7733', connectionMandate: '1' };
    await executeAll(page, [
      ['Mandates-getMandatesConnectionId', 200, mandate],
      ['Mandates-getRoot', 200, mandate],
      ['Health-getStatus', 200, { view: { state: 'complete' } }],
    ]);
    await openDocs(page, platform.customerView);
    await executeAll(page, [
      ['Customers-getCustomersCustomerId', 200, { customerId: '7' }],
      ['Customer_orders-getCustomersCustomerIdOrders', 200, { customer: { customerId: '7' } }],
      ['Health-getStatus', 200, { view: { state: 'complete' } }],
    ]);
  });

  it.each(
    services,
  )('/docs of the %s has its title, follows the colour scheme and fits a phone', async (name, service) => {
    const page = await openPage(browser, { colorScheme: 'dark', viewport: { width: 390, height: 844 } });
    await openDocs(page, platform[service]);
    expect(await page.title()).toBe(`${name} API`);
    expect(await page.locator('h1, h2').first().innerText()).toContain(name);
    expect(await isDark(page)).toBe(true);
    await page.emulateMedia({ colorScheme: 'light' });
    await eventually(async () => expect(await isDark(page)).toBe(false));
    for (const n of [0, 1, 2]) await page.locator('.opblock-summary').nth(n).click();
    await page.locator('.responses-table').nth(2).waitFor();
    expect(await widthOf(page)).toBe(390);
    expect(page.problems).toEqual([]);
  });

  it.each(services)('/docs/events of the %s fits a phone and shows a pattern when asked', async (_, service) => {
    const page = await openPage(browser, { colorScheme: 'dark', viewport: { width: 390, height: 844 } });
    // Leaving the page before it has loaded would abort its requests.
    await openDocs(page, platform[service]);
    await page.getByRole('link', { name: 'The events' }).click();
    await page.getByRole('link', { name: 'orders-topic' }).click();
    expect(new URL(page.url()).hash).toBe('#orders');
    expect(await page.locator(':target h2').innerText()).toBe('orders-topic');
    await page.locator(':target summary').first().click();
    await page.locator(':target details[open] code').first().waitFor();
    expect(await widthOf(page)).toBe(390);
    expect(page.problems).toEqual([]);
  });

  it.each(services)('/ of the %s has links that work', async (name, service) => {
    const page = await openPage(browser, { colorScheme: 'dark', viewport: { width: 390, height: 844 } });
    await page.goto(platform[service]);
    expect(await page.title()).toBe(name);
    expect(await widthOf(page)).toBe(390);
    const links = await page
      .locator('a')
      .evaluateAll((anchors) => anchors.map((anchor) => anchor.getAttribute('href')));
    for (const link of links)
      expect([link, (await page.request.get(platform[service] + link)).status()]).toEqual([link, 200]);
    await page.getByRole('link', { name: '/docs' }).first().click();
    await page.locator('.opblock').first().waitFor();
    expect(page.problems).toEqual([]);
  });
});
