import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canOpenBrowser, openBrowser, openPage } from '../browser.ts';
import { eventually } from '../eventually.ts';
import { fetchMandate } from '../http.ts';
import { createComponentsFolder, type Member, startCrmMember, startIotApp, startIotMember } from '../stack/dapr-lab.ts';
import { resetStack } from '../stack/fresh.ts';
import { ports } from '../stack/ports.ts';
import { isStackReady } from '../stack/stack.ts';

const token = 'operator-token-for-tests';
const crmUrl = `http://127.0.0.1:${ports.crm.rest}`;
const ofIotPlatform = { ALLOWED_ORIGINS: crmUrl, OPERATOR_TOKEN: token, CRM_URL: crmUrl };
const urls = {
  IOT_PLATFORM_URL: `http://127.0.0.1:${ports.iotPlatforms[0].rest}`,
  CUSTOMER_VIEW_URL: `http://127.0.0.1:${ports.customerViews[0].rest}`,
};
const connection = '871687';
const registrations = [
  'firstName,lastName,city,connectionId,connectionMandate',
  `Eva,Vos,Delft,${connection},1`,
  'Jan,Bos,Delft,871688,0',
];

describe.runIf((await isStackReady()) && (await canOpenBrowser()))('the console on Dapr, Kafka and Redis', () => {
  let browser: Browser;
  let crm: Member;
  let iotPlatform: Member;
  beforeAll(async () => {
    await resetStack();
    const resources = createComponentsFolder();
    crm = await startCrmMember(resources, urls);
    iotPlatform = await startIotMember(resources, ofIotPlatform);
    browser = await openBrowser();
  });
  afterAll(() => Promise.all([browser?.close(), crm?.end('SIGKILL'), iotPlatform?.end('SIGKILL')]));

  it('imports, changes, sees the change arrive, outlives a kill -9 of the IoT platform, rebuilds, and agrees', async () => {
    const page = await openPage(browser, { viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(60_000);
    await page.addInitScript(`sessionStorage.setItem('operator-token', '${token}')`);
    await page.goto(`${crm.url}/console/imports`);
    const file = { name: 'registrations.csv', mimeType: 'text/csv', buffer: Buffer.from(registrations.join('\n')) };
    await page.locator('input[type=file]').setInputFiles(file);
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText('The import is finished.').waitFor();

    const change = async (mandate: string) => {
      await page.getByRole('radio', { name: mandate }).check();
      await page.getByRole('button', { name: 'Change the mandate' }).click();
    };
    await page.getByRole('link', { name: 'Flow' }).click();
    await page.getByRole('searchbox').fill(connection);
    await page.getByRole('button', { name: 'Eva Vos' }).click();
    await change('2 real time');
    await page.getByText('The IoT platform shows it after').waitFor();
    await page.getByRole('cell', { name: 'connection-mandate-changed: 2' }).first().waitFor();

    await iotPlatform.app.end('SIGKILL');
    await change('0 none');
    await page.getByText('The IoT platform does not answer at').first().waitFor();
    iotPlatform = await startIotApp(iotPlatform.sidecar, ofIotPlatform);
    await page.getByText('IoT platform: connected').waitFor();
    await page.getByRole('cell', { name: 'connection-mandate-changed: 0' }).first().waitFor();
    await eventually(async () => expect(await fetchMandate(iotPlatform, connection)).toBe('0'));

    await page.getByRole('link', { name: 'Operations' }).click();
    await page.getByRole('button', { name: 'Rebuild', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Rebuild' }).click();
    await page.getByText('The comparison found no difference.').waitFor();

    await page.goto(`${crm.url}/console/connections/${connection}`);
    await page.getByText('Log, CRM and view agree.').waitFor();
    await page.getByRole('cell', { name: '0 none' }).first().waitFor();
  });
});
