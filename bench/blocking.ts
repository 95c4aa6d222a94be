import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openAsBlob, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openCrmDatabase } from '../crm/database/index.ts';
import { chooseNames, parseOptions, readNumber } from '../packages/cli/options.ts';
import { runMain } from '../packages/cli/run-main.ts';
import { getJson } from '../tests/http.ts';
import { startProcess, waitForOutput } from '../tests/platform-process.ts';
import { prepareDatabase, reportId, writeNewCustomers } from './blocking/prepare.ts';
import { startProbes } from './blocking/probe.ts';
import { peakMemory } from './measure/usage.ts';

const help = `Usage: npm run bench:blocking -- [OPTIONS]
Measures how long requests to a CRM on SQLite take while the CRM does its longest work, such as an import or an export.

It sends GET /customers/7 and /healthz 50 times a second and PATCH /customers/7 10 times a second, and prints a Markdown table with
the median, the 99th percentile and the maximum of the latencies.

Options
  --customers N    customers in the database (default: 200000)
  --refused N      refused rows in the report of an earlier import (default: 200000)
  --imported N     rows of the import (default: 100000)
  --only NAMES     measures some works only, separated by |, as 'import|export' (default: all)
  --help           shows this text

Examples
  npm run bench:blocking -- --only import

Exit codes
  0  all works are measured
  1  a request or the work failed`;

const readOptions = () =>
  parseOptions('npm run bench:blocking', {
    options: {
      customers: { type: 'string', default: '200000' },
      refused: { type: 'string', default: '200000' },
      imported: { type: 'string', default: '100000' },
      only: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  }).values;
const personId = 8;
const minimumMs = 3_000;

/** Reads a whole response in another process, so that reading does not slow down the measured requests. */
const download = async (url: string, options: object = {}) => {
  const script = `const answer = await fetch(${JSON.stringify(url)}, ${JSON.stringify(options)});
    for await (const chunk of answer.body) void chunk;
    if (!answer.ok) { console.error(answer.status); process.exit(1); }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${url} was not answered`);
};

const importFile = async (url: string, file: string) => {
  const headers = { 'Content-Type': 'text/csv' };
  const sent = await fetch(`${url}/imports`, { method: 'POST', headers, body: await openAsBlob(file) });
  const { importId } = (await sent.json()) as { importId: string };
  for (;;) {
    const { state } = (await getJson(`${url}/imports/${importId}`)).body;
    const { outbox } = (await getJson(`${url}/status`)).body as { outbox: { waiting: number } };
    // The work ends when the last event is published.
    if (state === 'finished' && outbox.waiting < 10) return;
    if (state === 'failed') throw new Error('the import failed');
    await delay(200);
  }
};

const work = (url: string, file: string): Record<string, () => Promise<unknown>> => ({
  nothing: () => delay(minimumMs),
  'GET /': () => download(`${url}/`),
  'GET /, five clients': () => Promise.all(Array.from({ length: 5 }, () => download(`${url}/`))),
  'refused.csv': () => download(`${url}/imports/${reportId}/refused.csv`),
  export: () => download(`${url}/customers/${personId}/export`),
  import: () => importFile(url, file),
  erasure: () =>
    download(`${url}/customers/${personId}/erasure`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ customerId: String(personId) }),
    }),
});

const main = async () => {
  const values = readOptions();
  if (values.help) return console.log(help);
  const sizes = {
    customers: readNumber('--customers', values.customers, 1),
    refused: readNumber('--refused', values.refused, 1),
  };
  const imported = readNumber('--imported', values.imported, 1);
  const only = chooseNames('--only', values.only, Object.keys(work('', '')), '|');
  const folder = mkdtempSync(join(tmpdir(), 'bench-blocking-'));
  const databaseUrl = `sqlite:${join(folder, 'crm.sqlite')}` as const;
  try {
    const db = await openCrmDatabase(databaseUrl);
    await prepareDatabase(db, { ...sizes, personId });
    await db.destroy();
    const file = join(folder, 'new.csv');
    await writeNewCustomers(file, imported);
    const env = { CRM_DATABASE_URL: databaseUrl, DATA_DIR: folder, CUSTOMERS_CSV: 'none', LOG_LEVEL: 'info' };
    const crm = startProcess('crm/main.ts', env);
    const [url = ''] = await waitForOutput(crm, /"url":"(http[^"]+)"/);
    console.log('| operation | took | request | p50 | p99 | max | 503 |\n|---|---|---|---|---|---|---|');
    for (const [name, execute] of Object.entries(work(url, file))) {
      if (!only.includes(name)) continue;
      const probes = startProbes(url);
      const began = performance.now();
      await Promise.all([execute(), delay(minimumMs)]);
      const seconds = (performance.now() - began) / 1000;
      for (const { name: request, p50, p99, max, refused, sent } of await probes.stop())
        console.log(
          `| ${name} | ${seconds.toFixed(1)} s | ${request} | ${p50.toFixed(0)} ms | ${p99.toFixed(0)} ms | ` +
            `${max.toFixed(0)} ms | ${refused} of ${sent} |`,
        );
    }
    console.log(`\nPeak memory of the CRM: ${peakMemory(crm.pid).toFixed(0)} MB`);
    const code = await crm.end('SIGTERM');
    if (code !== 0) throw new Error(`the CRM ended with ${code}:\n${crm.output().slice(-2_000)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

await runMain(main);
