import type { Browser } from 'playwright-core';
import { openBrowser, openPage, type WatchedPage } from '../browser.ts';
import { findFreePorts } from '../doctor.ts';
import { dataFolder, startPlatform } from '../platform-process.ts';
import { isTooWide, listAccessibilityProblems, listProblems } from './open-console.ts';

export type StartedConsole = {
  readonly browser: Browser;
  readonly crm: string;
  readonly customerView: string;
  /** Sends JSON to the CRM, and reads the answer. */
  send<Answer>(method: string, path: string, body?: object): Promise<Answer>;
  end(): Promise<unknown>;
};

/** Starts the platform, whose other services the pages of the CRM may call, and a browser. */
export const startConsole = async (): Promise<StartedConsole> => {
  const [port] = await findFreePorts(1);
  const origin = `http://localhost:${port}`;
  const platform = await startPlatform({ DATA_DIR: dataFolder(), APP_PORT: String(port), ALLOWED_ORIGINS: origin });
  const browser = await openBrowser();
  return {
    browser,
    crm: origin,
    customerView: platform.customerView,
    send: async <Answer>(method: string, path: string, body?: object) => {
      const headers = { 'Content-Type': 'application/json' };
      const sent = body ? { method, headers, body: JSON.stringify(body) } : { method };
      return (await (await fetch(`${origin}${path}`, sent)).json()) as Answer;
    },
    end: () => Promise.all([browser.close(), platform.end('SIGTERM')]),
  };
};

/** Opens a page of the console on a phone. */
export const openConsole = async ({ browser, crm }: StartedConsole, path: string): Promise<WatchedPage> => {
  const page = await openPage(browser, { viewport: { width: 390, height: 844 } });
  await page.goto(`${crm}/console${path}`);
  await page.locator('h1').waitFor();
  return page;
};

/** What is wrong with the page as it is shown now: accessibility in light and dark colours, and its width. */
export const listDefects = async (page: WatchedPage): Promise<string[]> => {
  const light = await listAccessibilityProblems(page);
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await listAccessibilityProblems(page, ['color-contrast']);
  await page.emulateMedia({ colorScheme: 'light' });
  return [...light, ...dark, ...((await isTooWide(page)) ? ['too wide'] : []), ...listProblems(page)];
};

/** Collects the idempotency keys that the page sends with POST to a path of the CRM, one for each request. */
export const collectIdempotencyKeys = (page: WatchedPage, path: string): string[] => {
  const keys: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && new URL(request.url()).pathname === path)
      keys.push(request.headers()['idempotency-key'] ?? 'none');
  });
  return keys;
};
