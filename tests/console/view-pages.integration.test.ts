import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { canOpenBrowser, openBrowser, openPage, type WatchedPage } from '../browser.ts';
import { patchJson } from '../http.ts';
import { dataFolder, root, startPlatform } from '../platform-process.ts';
import { isTooWide, listAccessibilityProblems, listProblems } from './open-console.ts';

const token = 'operator-token-for-tests';

describe.skipIf(!(await canOpenBrowser()))('the pages of flow, connections and operations', () => {
  let browser: Browser;
  let platform: Awaited<ReturnType<typeof startPlatform>>;
  beforeAll(async () => {
    browser = await openBrowser();
    platform = await startPlatform({ DATA_DIR: dataFolder(), OPERATOR_TOKEN: token });
  });
  afterAll(() => Promise.all([browser?.close(), platform?.end('SIGTERM')]));

  const open = async (path: string, { hasToken = false, colorScheme = 'light' as 'light' | 'dark' } = {}) => {
    const page = await openPage(browser, { colorScheme, viewport: { width: 1280, height: 900 } });
    if (hasToken) await page.addInitScript(`sessionStorage.setItem('operator-token', '${token}')`);
    await page.goto(`${platform.crm}${path}`);
    await page.locator('h1').waitFor();
    return page;
  };
  const takePicture = async (page: WatchedPage, name: string) => {
    if (process.env.SCREENSHOTS) await page.screenshot({ path: join(root, `docs/images/${name}.png`) });
  };

  it('shows a change arrive in the view, and its event in the tail', async () => {
    const page = await open('/console');
    await page.getByRole('searchbox').fill('lopez');
    await page.getByRole('button', { name: 'Corinne Lopez' }).click();
    await page.getByRole('radio', { name: '2 real time' }).check();
    await page.getByRole('button', { name: 'Change the mandate' }).click();
    await page.getByText('The IoT platform shows it after').waitFor();
    await page.getByRole('cell', { name: 'connection-mandate-changed: 2' }).first().waitFor();
    await page.getByRole('row', { name: /orders customer-view empty 0/ }).waitFor();
    expect(await listAccessibilityProblems(page)).toEqual([]);
    await takePicture(page, 'console-flow');
    expect(listProblems(page)).toEqual([]);
  });

  it('filters the tail by topic and key, and holds it while it is paused', async () => {
    const page = await open('/console');
    await page.getByLabel('Topic').selectOption('connection-mandates-topic');
    await page.getByLabel('Key').fill('4512');
    const events = page.getByRole('region', { name: 'Events', exact: true });
    await vi.waitFor(async () => expect(await events.getByRole('link').allTextContents()).toEqual(['4512']));
    await page.getByRole('button', { name: 'Pause' }).click();
    await patchJson(`${platform.crm}/customers/5`, { connectionMandate: '1' });
    await page.getByText('1 since the pause').waitFor();
    expect(await events.getByRole('link').count()).toBe(1);
    await page.getByRole('button', { name: 'Continue' }).click();
    await events.getByRole('cell', { name: 'connection-mandate-changed: 1' }).waitFor();
    expect(listProblems(page)).toEqual([]);
  });

  it('says that log, CRM and view agree about a connection, and which mandate was in force', async () => {
    const page = await open('/console/connections');
    await page.getByLabel('Search by').selectOption('customer');
    await page.getByLabel('Number', { exact: true }).fill('5');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByRole('heading', { name: 'Connection 4512' }).waitFor();
    await page.getByText('Log, CRM and view agree.').waitFor();
    await page.getByLabel('At this time').fill('2020-01-01T00:00:00');
    await page.getByText('Customer 5 had no mandate for this connection at that time.').waitFor();
    expect(await listAccessibilityProblems(page)).toEqual([]);
    await takePicture(page, 'console-connection');
    expect(listProblems(page)).toEqual([]);
  });

  it('shows names as text, whatever they contain', async () => {
    await patchJson(`${platform.crm}/customers/3`, {
      lastName: '<img src=x onerror=alert(1)>',
      firstName: 'javascript:alert(1)',
    });
    const page = await open('/console/connections');
    await page.getByText('<img src=x onerror=alert(1)>').waitFor();
    await page.getByRole('link', { name: 'Flow' }).click();
    await page.getByRole('button', { name: '<img src=x onerror=alert(1)>' }).waitFor();
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('a[href^="javascript:"]').count()).toBe(0);
    expect(listProblems(page)).toEqual([]);
  });

  it('rebuilds a view after a confirmation, and switches back', async () => {
    const page = await open('/console/operations', { hasToken: true });
    await page.getByRole('button', { name: 'Rebuild', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Meanwhile the view answers as before').waitFor();
    await dialog.getByRole('button', { name: 'Rebuild' }).click();
    await page.getByText('The comparison found no difference.').waitFor();
    await page.getByRole('button', { name: 'Switch back' }).click();
    await dialog.getByRole('button', { name: 'Switch back' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.getByText('No dead letter: every record could be applied.').waitFor();
    expect(await listAccessibilityProblems(page)).toEqual([]);
    await takePicture(page, 'console-operations');
    expect(listProblems(page)).toEqual([]);
  });

  it('only reads without the token, and says that a wrong one is refused', async () => {
    const page = await open('/console/operations');
    await page.getByText('Without the operator token this page only reads.').waitFor();
    expect(await page.getByRole('button', { name: 'Rebuild', exact: true }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Operator token', exact: true }).click();
    await page.getByRole('textbox', { name: 'Token' }).fill('a-wrong-token-for-tests');
    await page.getByRole('button', { name: 'Use the token' }).click();
    await page.getByRole('alert').getByRole('button', { name: 'Enter the operator token' }).waitFor();
  });

  it('is accessible in dark colours and fits a phone', async () => {
    for (const path of ['/console', '/console/connections/7733', '/console/operations']) {
      const page = await open(path, { colorScheme: 'dark' });
      await page.getByRole('table').first().waitFor();
      expect(await listAccessibilityProblems(page)).toEqual([]);
      await page.setViewportSize({ width: 390, height: 844 });
      expect(await isTooWide(page)).toBe(false);
    }
  });
});
