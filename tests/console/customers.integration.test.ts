import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canOpenBrowser } from '../browser.ts';
import { listDefects, openConsole, type StartedConsole, startConsole } from './start-console.ts';

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
    expect(page.problems).toEqual([]);
  });
});
