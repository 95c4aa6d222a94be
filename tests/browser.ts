import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { installPackages } from '../scripts/stack/debian-package.ts';
import { findProgram } from '../scripts/stack/find-program.ts';

/** Whether pages can be opened; installs Chromium where it is missing and a package manager has it. @throws Error under CI if not */
export const canOpenBrowser = async (): Promise<boolean> => {
  try {
    if (!(await findProgram('chromium'))) await installPackages(['chromium'], (line) => console.log(line));
    return true;
  } catch (error) {
    if (process.env.CI) throw error;
    console.log(`skipped: the tests in a browser. ${(error as Error).message}`);
    return false;
  }
};

/** Starts Chromium. `close` ends it. */
export const openBrowser = async (): Promise<Browser> => {
  const executablePath = await findProgram('chromium');
  if (!executablePath) throw new Error('Chromium is not installed.');
  return chromium.launch({
    executablePath,
    // Chromium has no sandbox for root, as in a container. It opens only pages of this project.
    chromiumSandbox: process.getuid?.() !== 0,
    // Chromium creates a socket in TMPDIR, and the path of the tests' own folder is too long for one.
    env: { ...process.env, TMPDIR: '/tmp' },
  });
};

/** A page with what went wrong in it: errors in the console, violations of the CSP, and requests to other hosts than loopback. */
export type WatchedPage = Page & { readonly problems: readonly string[] };

/** Opens an empty page, which is closed when the test has finished. */
export const openPage = async (browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> => {
  const context = await browser.newContext(options);
  onTestFinished(async () => {
    try {
      // A request that a test answers itself may be in flight.
      for (const routing of [...context.pages(), context]) await routing.unrouteAll({ behavior: 'ignoreErrors' });
    } finally {
      await context.close();
    }
  });
  const problems: string[] = [];
  // Chromium reports a violation of the CSP as an error in the console.
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(`${message.type()}: ${message.text()}`);
  });
  context.on('weberror', (error) => problems.push(`exception: ${error.error().message}`));
  context.on('requestfailed', (request) => problems.push(`failed: ${request.url()} ${request.failure()?.errorText}`));
  await context.route('**', (route) => {
    const { hostname, protocol } = new URL(route.request().url());
    if (['localhost', '127.0.0.1'].includes(hostname) || ['blob:', 'data:'].includes(protocol)) return route.continue();
    problems.push(`request to another host: ${route.request().url()}`);
    return route.abort();
  });
  return Object.assign(await context.newPage(), { problems });
};
