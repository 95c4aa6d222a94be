import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canOpenBrowser, openBrowser, openPage } from '../browser.ts';
import { dataFolder, startPlatform } from '../platform-process.ts';
import { isTooWide, listAccessibilityProblems, listProblems } from './open-console.ts';

const token = 'operator-token-for-tests';
const paths = ['/console', '/console/unknown'];

describe.skipIf(!(await canOpenBrowser()))('the console in a browser', () => {
  let browser: Browser;
  let platform: Awaited<ReturnType<typeof startPlatform>>;
  beforeAll(async () => {
    browser = await openBrowser();
    platform = await startPlatform({ DATA_DIR: dataFolder(), OPERATOR_TOKEN: token });
  });
  afterAll(() => Promise.all([browser?.close(), platform?.end('SIGTERM')]));

  describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
    it.each(paths)('%s is accessible, and fits a phone', async (path) => {
      const page = await openPage(browser, { colorScheme, viewport: { width: 390, height: 844 } });
      await page.goto(`${platform.crm}${path}`);
      await page.locator('h1').waitFor();
      expect(await listAccessibilityProblems(page)).toEqual([]);
      expect(await isTooWide(page)).toBe(false);
      expect(listProblems(page)).toEqual([]);
    });
  });

  it('asks for the operator token, keeps it for the tab, and forgets it', async () => {
    const page = await openPage(browser);
    await page.goto(`${platform.crm}/console`);
    await page.getByRole('button', { name: 'Operator token' }).click();
    await page.getByRole('textbox', { name: 'Token' }).fill(token);
    await page.getByRole('button', { name: 'Use the token' }).click();
    const signOut = page.getByRole('button', { name: 'sign out' });
    await signOut.waitFor();
    await page.reload();
    await signOut.click();
    await page.getByRole('button', { name: 'Operator token' }).waitFor();
    expect(listProblems(page)).toEqual([]);
  });
});
