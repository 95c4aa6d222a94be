import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { topics } from '../../contracts/topics.ts';
import { openEmbeddedPlatform } from '../../packages/embedded/platform.ts';
import { canOpenBrowser, openBrowser, openPage, type WatchedPage } from '../browser.ts';
import { eventually } from '../eventually.ts';
import { fetchMandate, patchJson } from '../http.ts';
import { dataFolder, root, startPlatform } from '../platform-process.ts';
import { isTooWide, listAccessibilityProblems, listProblems } from './open-console.ts';

const token = 'operator-token-for-tests';

describe.skipIf(!(await canOpenBrowser()))('the pages of flow, connections and operations', () => {
  let browser: Browser;
  let platform: Awaited<ReturnType<typeof startPlatform>>;
  const folder = dataFolder();
  beforeAll(async () => {
    browser = await openBrowser();
    platform = await startPlatform({ DATA_DIR: folder, OPERATOR_TOKEN: token });
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
    if (!process.env.SCREENSHOTS) return;
    await page.evaluate('document.activeElement.blur(); scrollTo(0, 0);');
    await page.screenshot({ path: join(root, `docs/images/${name}.png`) });
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
    await eventually(async () => expect(await events.getByRole('link').allTextContents()).toEqual(['4512']));
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

  it('rebuilds a view after a confirmation, switches back, and removes the other generation', async () => {
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
    await page.getByRole('button', { name: 'Remove earlier generations' }).click();
    await dialog.getByText('can no longer switch back').waitFor();
    await dialog.getByRole('button', { name: 'Remove earlier generations' }).click();
    await page.getByText('Removing generation 2.').waitFor();
    await page.getByText('Generation 2 in statestore is removed.').waitFor();
    expect(await page.getByRole('button', { name: 'Switch back' }).isDisabled()).toBe(true);
    expect(listProblems(page)).toEqual([]);
  });

  it('continues an interrupted rebuild with the request that the service names', async () => {
    const page = await openPage(browser, { viewport: { width: 1280, height: 900 } });
    await page.addInitScript(`sessionStorage.setItem('operator-token', '${token}')`);
    const continueWith = { path: '/operations/rebuild', body: { from: 'crm', inPlace: false } };
    const running = { into: { number: 9 }, inPlace: false, from: 'crm', phase: 'replaying', isActive: false };
    const unknown = { step: null, done: null, total: null, secondsLeft: null };
    const sent: unknown[] = [];
    await page.route(/:[0-9]+\/operations\/rebuild\?view=mandates$/, async (route) => {
      if (route.request().method() === 'POST') sent.push(route.request().postDataJSON());
      const response = await route.fetch({ method: 'GET' });
      const startedAt = '2026-11-27T05:00:00.000Z';
      const state = { ...(await response.json()), running: { ...running, ...unknown, startedAt, continueWith } };
      await route.fulfill({ response, json: state });
    });
    await page.goto(`${platform.crm}/console/operations`);
    await page.getByText('it was interrupted. If no process does').waitFor();
    expect(await page.getByRole('button', { name: 'Rebuild', exact: true }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Continue the rebuild' }).click();
    await page.getByRole('dialog').getByText('with the options that it began with').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Continue the rebuild' }).click();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    expect(sent).toEqual([continueWith.body]);
  });

  it('replays and discards dead letters after a confirmation, one or all', async () => {
    const connections = ['4512', '8179', '7733'];
    const readMandates = () => Promise.all(connections.map((key) => fetchMandate({ url: platform.iotPlatform }, key)));
    const held = await readMandates();
    await publishUnreadable(folder, connections);
    await eventually(async () => expect(await readMandates()).toEqual([503, 503, 503]));
    const page = await open('/console/operations', { hasToken: true });
    const row = page.getByRole('region', { name: 'Dead letters' }).getByRole('row', { name: '4512' }).last();
    const dialog = page.getByRole('dialog');
    const confirm = async (name: string, explanation: RegExp) => {
      await dialog.getByText(explanation).waitFor();
      await dialog.getByRole('button', { name }).click();
      await dialog.waitFor({ state: 'hidden' });
    };
    await row.getByRole('button', { name: 'Replay' }).click();
    await confirm('Replay', /becomes a dead letter again/);
    await page.getByText('was published again.').waitFor();
    await page.getByRole('button', { name: 'Replay all' }).click();
    await confirm('Replay all', /3 of 3 dead letters are neither/);
    await page.getByText('3 published again.').waitFor();
    await row.getByRole('button', { name: 'Discard' }).click();
    await confirm('Discard', /Document 4512 answers again/);
    await page.getByText('was discarded.').waitFor();
    expect(await readMandates()).toEqual([held[0], 503, 503]);
    expect(await listAccessibilityProblems(page)).toEqual([]);
    await page.getByRole('button', { name: 'Discard all' }).click();
    await confirm('Discard all', /2 of 3 dead letters are neither/);
    await page.getByText('All 3 are discarded now.').waitFor();
    expect(await readMandates()).toEqual(held);
    expect(await page.getByRole('button', { name: 'Replay all' }).isDisabled()).toBe(true);
    expect(listProblems(page)).toEqual([]);
  });

  it('says that the IoT platform does not answer, and recovers by itself', async () => {
    const page = await openPage(browser);
    const isOfIotPlatform = (url: URL) => url.origin === new URL(platform.iotPlatform).origin;
    await page.route(isOfIotPlatform, (route) => route.abort('connectionrefused'));
    await page.goto(`${platform.crm}/console`);
    await page.getByText(/^IoT platform: The IoT platform does not answer at .* Trying again\.$/).waitFor();
    await page.getByRole('row', { name: 'mandates IoT platform unknown unknown unknown' }).waitFor();
    await page.unroute(isOfIotPlatform);
    await page.getByText('IoT platform: connected').waitFor();
    await page.getByRole('row', { name: 'mandates IoT platform complete 0' }).waitFor();
    expect(await page.getByText('does not answer').count()).toBe(0);
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

/** Publishes a record for each connection that the view cannot read. */
const publishUnreadable = async (folder: string, connections: readonly string[]) => {
  const log = openEmbeddedPlatform(join(folder, 'platform.sqlite'), Object.values(topics));
  const records = connections.map((connectionId) => {
    const value = Buffer.from(JSON.stringify({ connectionId, connectionMandate: '7' }));
    return { id: connectionId, key: connectionId, value };
  });
  await log.eventBus('test').publish(topics.connectionMandates.name, records);
  log.close();
};
