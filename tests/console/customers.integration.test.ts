import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canOpenBrowser, type WatchedPage } from '../browser.ts';
import { eventually } from '../eventually.ts';
import { listProblems } from './open-console.ts';
import {
  collectIdempotencyKeys,
  listDefects,
  openConsole,
  type StartedConsole,
  startConsole,
} from './start-console.ts';

const hostile = '<img src=x onerror=alert(1)>';

describe.skipIf(!(await canOpenBrowser()))('the pages of customers and imports', () => {
  let started: StartedConsole;
  beforeAll(async () => {
    started = await startConsole();
  });
  afterAll(() => started?.end());
  const customer = (customerId: string) => started.send<Record<string, unknown>>('GET', `/customers/${customerId}`);

  it('find customers, prevent filters that cannot be combined, and keep the search in the address', async () => {
    const page = await openConsole(started, '/customers');
    await page.getByText('8 shown, these are all.').waitFor();
    await page.getByRole('button', { name: 'Count them all' }).click();
    await page.getByText('8 customers in all.').waitFor();
    expect(await listDefects(page)).toEqual([]);
    await page.getByLabel('City').fill('enschede');
    expect(await page.getByLabel('E-mail address').isDisabled()).toBe(true);
    await page.getByText('is searched alone: clear the other filters first').waitFor();
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByRole('link', { name: 'Corinne Lopez' }).waitFor();
    expect(new URL(page.url()).search).toBe('?city=enschede');
    await page.reload();
    await page.getByRole('link', { name: 'Corinne Lopez' }).waitFor();
    expect(await page.getByLabel('City').inputValue()).toBe('enschede');
  });

  it('register one customer for two clicks, show refusals next to the fields, and a hostile name as text', async () => {
    const page = await openConsole(started, '/customers/new');
    const keys = collectIdempotencyKeys(page, '/customers');
    await page.getByLabel('First name').fill(hostile);
    await page.getByRole('button', { name: 'Register' }).click();
    await page.locator('.field-error').first().waitFor();
    expect(await page.locator(':focus').getAttribute('name')).toBe('lastName');
    await page.getByLabel('Last name').fill('javascript:alert(1)');
    await page.getByLabel('City').fill(hostile);
    await page.getByLabel('Connection').fill('92800');
    await page.getByLabel('1 billing only').check();
    await page.getByRole('button', { name: 'Register' }).dblclick();
    await page.getByRole('heading', { name: `${hostile} javascript:alert(1), customer 9` }).waitFor();
    await page.getByText('This customer has no orders.').waitFor();
    // The refusal is an error in the console of the browser.
    expect((await listDefects(page)).filter((defect) => !/4(22|04) /.test(defect))).toEqual([]);
    expect(await page.locator('img').count()).toBe(0);
    expect(await customer('10')).toMatchObject({ status: 404 });
    // The refused request had other content, so another key.
    expect(new Set(keys).size).toBe(2);
    await page.getByLabel('City').fill('Delft');
    await page.getByRole('button', { name: 'Save' }).dblclick();
    await page.getByText('Saved as version 2.').waitFor();
    expect(await customer('9')).toMatchObject({ city: 'Delft', version: 2 });
  });

  it('change a mandate with evidence, and settle a conflict field by field', async () => {
    const page = await openConsole(started, '/customers/7');
    await page.getByLabel('City').fill('Delft');
    await page.getByLabel('2 real time').check();
    await page.getByText('The mandate of connection 7733 changes from').waitFor();
    await page.getByLabel('Changed by').fill('clerk 12');
    await started.send('PATCH', '/customers/7', { city: 'Leiden', email: 'corinne@example.org' });
    await page.getByRole('button', { name: 'Save' }).click();
    const dialog = page.getByRole('dialog', { name: 'Somebody else changed this customer' });
    await dialog.getByText('Still to choose: City.').waitFor();
    expect(await customer('7')).toMatchObject({ city: 'Leiden', connectionMandate: '1', version: 2 });
    await dialog.getByLabel('City: yours').check();
    await dialog.getByRole('button', { name: 'Save my choice' }).click();
    await page.getByText('Saved as version 3.').waitFor();
    expect(await customer('7')).toMatchObject({
      city: 'Delft',
      email: 'corinne@example.org',
      connectionMandate: '2',
    });
    await page.getByRole('region', { name: 'Changes of mandates' }).getByText('clerk 12').waitFor();
  });

  it('delete and erase a customer after a confirmation, and keep the evidence', async () => {
    const page = await openConsole(started, '/customers/2');
    await page.getByRole('button', { name: 'Delete' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete customer 2?' });
    await dialog.getByText('The number is never used again').waitFor();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.getByText('There is no such customer now').waitFor();
    await page.getByRole('region', { name: 'Changes of mandates' }).getByText('0 none').first().waitFor();
    await page.getByRole('button', { name: 'Erase' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Erase' }).click();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    expect(await started.send('GET', '/customers/2/export')).toMatchObject({ erasedAt: expect.any(String) });
  });

  it('try a file, choose a column, import it, show the refused rows, and remove the import', async () => {
    const page = await openConsole(started, '/imports');
    await page.getByText('Nothing has been imported yet').or(page.getByText('customer-database.csv')).first().waitFor();
    const lines = [
      'code;Voornaam;Achternaam;Woonplaats;EAN;Mandaat',
      `;Eva;Vos;${hostile};871687;1`,
      ';Jan;Bos;Delft;871688;3',
    ];
    const file = { name: 'klanten.csv', mimeType: 'text/csv', buffer: Buffer.from(lines.join('\n')) };
    await page.locator('input[type=file]').setInputFiles(file);
    await page.getByLabel('Field of code').selectOption('customerId');
    await page.getByRole('button', { name: 'Dry run' }).click();
    await page.getByText('The dry run is finished. Nothing was changed.').waitFor();
    await page.getByText('code = customerId').waitFor();
    expect(await started.send('GET', '/customers?connectionId=871687')).toMatchObject({ items: [] });
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText('The import is finished.').waitFor();
    await page.getByRole('region', { name: 'Refused and skipped rows' }).getByText('connectionMandate').waitFor();
    const link = page.getByRole('link', { name: 'Download the refused rows' });
    expect(await (await fetch(new URL(String(await link.getAttribute('href')), started.crm))).text()).toContain('Jan');
    expect(await started.send('GET', '/customers?connectionId=871687')).toMatchObject({ items: [{ city: hostile }] });
    expect(await listDefects(page)).toEqual([]);
    await page.getByRole('button', { name: 'Remove' }).first().click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    expect(listProblems(page)).toEqual([]);
  });

  it('take a dropped file, show how much of it is sent, its report, and more than 50 customers', async () => {
    const page = await openConsole(started, '/imports');
    const rows = Array.from({ length: 60 }, (_, n) => `Eva,Number ${n},Ede,${500_000 + n},1,${'-'.repeat(4_000)}`);
    const file = ['firstName,lastName,city,connectionId,connectionMandate,note', ...rows].join('\n');
    await sendSlowly(page, 100_000);
    await dropFile(page, 'many.csv', file);
    await page.getByText('many.csv').first().waitFor();
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    const sent = page.getByRole('progressbar', { name: 'Sent' });
    await eventually(async () => {
      const share = Number(await sent.getAttribute('value')) / Number(await sent.getAttribute('max'));
      expect(share > 0 && share < 1).toBe(true);
    });
    await page.getByText('The import is finished.').waitFor();
    await page.getByRole('region', { name: 'Latest imports' }).getByRole('link').first().click();
    await page.getByRole('link', { name: 'All imports' }).waitFor();
    await page.getByText('The import is finished.').waitFor();
    expect(await listDefects(page)).toEqual([]);
    await page.getByRole('link', { name: 'Customers' }).click();
    await page.getByLabel('City').fill('Ede');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByText('50 shown, more remain.').waitFor();
    await page.getByRole('link', { name: 'Show more' }).click();
    await page.getByText('60 shown, these are all.').waitFor();
    expect(new Set(await page.getByRole('row').allTextContents()).size).toBe(61);
    expect(listProblems(page)).toEqual([]);
  });
});

/** Limits how fast the page sends, in bytes per second. */
const sendSlowly = async (page: WatchedPage, uploadThroughput: number) => {
  const session = await page.context().newCDPSession(page);
  const unlimited = { offline: false, latency: 0, downloadThroughput: -1 };
  await session.send('Network.emulateNetworkConditions', { ...unlimited, uploadThroughput });
};

const dropFile = async (page: WatchedPage, name: string, text: string) => {
  const dataTransfer = await page.evaluateHandle(`{
    const data = new DataTransfer();
    data.items.add(new File([${JSON.stringify(text)}], ${JSON.stringify(name)}, { type: 'text/csv' }));
    data;
  }`);
  for (const type of ['dragover', 'drop']) await page.locator('.drop').dispatchEvent(type, { dataTransfer });
};
