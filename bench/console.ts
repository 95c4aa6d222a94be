import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { parseOptions, readNumber } from '../packages/cli/options.ts';
import { runMain } from '../packages/cli/run-main.ts';
import { canOpenBrowser, openBrowser } from '../tests/browser.ts';
import { startPlatform } from '../tests/platform-process.ts';
import { measureFirstPaint } from './console/first-paint.ts';
import { type Load, measureKeepingUp, type Target } from './console/keep-up.ts';
import { createFigures, formatFigures } from './console/report.ts';
import { writeSection } from './report/write-section.ts';

const help = `Usage: npm run bench:console -- [OPTIONS]
Measures the flow page of the console in Chromium, against the platform on the embedded default.

First it opens the page several times with an empty cache. Then it publishes events at a fixed rate, half of
them about mandates and half about customers, while the page is open. It prints a Markdown table, and one JSON object as the
last line. Run nothing else meanwhile.

Options
  --runs N     how often the page is opened (default: 15)
  --rate N     events per second (default: 200)
  --seconds N  how long events are published (default: 20)
  --write      writes the table to docs/performance.md
  --help       shows this text

Examples
  npm run bench:console -- --runs 5 --seconds 5

Exit codes
  0  all is measured
  1  a request failed, or Chromium is missing`;

const readOptions = () =>
  parseOptions('npm run bench:console', {
    options: {
      runs: { type: 'string', default: '15' },
      rate: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '20' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values;

const measure = async (browser: Browser, target: Target, runs: number, load: Load) => {
  const firstPaints: number[] = [];
  while (firstPaints.length <= runs) firstPaints.push(await measureFirstPaint(browser, `${target.crm}/console`));
  const [afterStart = 0, ...paints] = firstPaints;
  return createFigures({ afterStart, paints, load, keptUp: await measureKeepingUp(browser, target, load) });
};

const main = async () => {
  const values = readOptions();
  if (values.help) return console.log(help);
  const runs = readNumber('--runs', values.runs, 1);
  const load = { perSecond: readNumber('--rate', values.rate, 1), seconds: readNumber('--seconds', values.seconds, 1) };
  if (!(await canOpenBrowser())) throw new Error('Chromium is not installed.');
  const folder = mkdtempSync(join(tmpdir(), 'bench-console-'));
  const platform = await startPlatform({ NODE_ENV: 'production', DATA_DIR: folder, LOG_LEVEL: 'warn' });
  const browser = await openBrowser();
  try {
    const figures = await measure(browser, { crm: platform.crm, dataDir: folder }, runs, load);
    const table = `${formatFigures(figures)}\n\nThe load of the machine afterwards: ${loadavg()[0]?.toFixed(1)}.`;
    console.log(table);
    const command = `npm run bench:console -- --runs ${runs} --rate ${load.perSecond} --seconds ${load.seconds}`;
    if (values.write) writeSection('performance.md', 'console', table, { command, date: new Date() });
    console.log(JSON.stringify(figures));
  } finally {
    await Promise.all([browser.close(), platform.end('SIGTERM')]);
    rmSync(folder, { recursive: true, force: true });
  }
};

await runMain(main);
