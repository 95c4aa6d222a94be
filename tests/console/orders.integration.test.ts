import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canOpenBrowser } from '../browser.ts';
import { getJson } from '../http.ts';
import {
  collectIdempotencyKeys,
  listDefects,
  openConsole,
  type StartedConsole,
  startConsole,
} from './start-console.ts';

describe.skipIf(!(await canOpenBrowser()))('the pages of orders, reports and greetings', () => {
  let started: StartedConsole;
  beforeAll(async () => {
    started = await startConsole();
  });
  afterAll(() => started?.end());

  it('place an order, change and ship it, and show its history', async () => {
    const page = await openConsole(started, '/orders/new');
    const keys = collectIdempotencyKeys(page, '/orders');
    await page.getByLabel('Customer', { exact: true }).fill('lopez');
    await page.getByRole('button', { name: 'Corinne Lopez' }).click();
    await page.getByLabel('Product').fill('thermostat');
    await page.getByLabel('Quantity').fill('3');
    await page.getByLabel('Price of one').fill('1,999');
    await page.getByText('no thousands separator').waitFor();
    await page.getByLabel('Price of one').fill('49,99');
    await page.getByLabel('Expected delivery').fill('2026-12-24');
    await page.getByText('€149.97').waitFor();
    expect(await listDefects(page)).toEqual([]);
    await page.getByRole('button', { name: 'Place the order' }).dblclick();
    await page.getByText('The customer-view shows version 1.').waitFor();
    expect([...new Set(keys)]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
    expect((await getJson(`${started.customerView}/customers/7/orders`)).body.items).toHaveLength(1);
    await page.getByLabel('Quantity').fill('5');
    await page.getByRole('button', { name: 'Change' }).click();
    await page.getByText('The customer-view shows version 2.').waitFor();
    await page.getByRole('button', { name: 'Ship' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Ship' }).click();
    await page.getByText('The customer-view shows version 3.').waitFor();
    await page.getByRole('button', { name: 'Deliver' }).waitFor();
    expect(await page.getByRole('button', { name: 'Cancel the order' }).count()).toBe(0);
    const history = page.getByRole('region', { name: 'History' });
    await history.getByRole('button', { name: '2 Updated' }).click();
    await history.getByText('(before: 3)').waitFor();
    await history.getByRole('slider').press('ArrowLeft');
    await history.getByText('Version 1 of 3').waitFor();
    expect(await listDefects(page)).toEqual([]);
  });

  it('list orders by their status, and count them in reports', async () => {
    const page = await openConsole(started, '/orders');
    await page.getByText('1 shown, these are all.').waitFor();
    await page.getByRole('cell', { name: 'Corinne Lopez' }).waitFor();
    expect(await listDefects(page)).toEqual([]);
    await page.getByLabel('Status').selectOption('cancelled');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByText('No order matches.').waitFor();
    await page.getByRole('link', { name: 'Reports' }).click();
    await page.getByLabel('By', { exact: true }).selectOption('product');
    await page.getByLabel('Measure').selectOption('total');
    await page.getByRole('row', { name: 'thermostat' }).getByText('€249.95').waitFor();
    expect(await listDefects(page)).toEqual([]);
  });

  it('post a greeting, and show it arrive as text', async () => {
    const page = await openConsole(started, '/greetings');
    await page.getByLabel('Greeting', { exact: true }).fill('<img src=x onerror=alert(1)>');
    await page.getByRole('button', { name: 'Post' }).click();
    await page.getByText('Your greeting has arrived in the customer-view.').waitFor();
    await page.getByRole('listitem').getByText('<img src=x onerror=alert(1)>').waitFor();
    expect(await page.locator('img').count()).toBe(0);
    expect(await listDefects(page)).toEqual([]);
  });
});
