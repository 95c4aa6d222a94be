import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openAsBlob, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openCrmDatabase } from '../crm/database/index.ts';
import { getJson } from '../tests/http.ts';
import { said, startProcess } from '../tests/platform-process.ts';
import { prepareDatabase, reportId, writeNewCustomers } from './blocking/prepare.ts';
import { startProbes } from './blocking/probe.ts';
import { peakMemory } from './measure/usage.ts';

const help = `Usage: npm run bench:blocking [-- --customers N --refused N --imported N --only NAME]
Sends GET /customers/7 and /healthz 50 times a second, and PATCH /customers/7 10 times a second, to a CRM on a SQLite file
during its longest operations. Prints how long the answers took: the median, the 99th percentile, and the longest.`;

const { values } = parseArgs({
  options: {
    customers: { type: 'string', default: '200000' },
    refused: { type: 'string', default: '200000' },
    imported: { type: 'string', default: '100000' },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const personId = 8;
const shortestMs = 3_000;

/** Reads an answer to its end in a process of its own. */
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
    // Until its last event is published.
    if (state === 'finished' && outbox.waiting < 10) return;
    if (state === 'failed') throw new Error('the import failed');
    await delay(200);
  }
};

const work = (url: string, file: string): Record<string, () => Promise<unknown>> => ({
  nothing: () => delay(shortestMs),
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

const run = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-blocking-'));
  const databaseUrl = `sqlite:${join(folder, 'crm.sqlite')}` as const;
  try {
    const db = await openCrmDatabase(databaseUrl);
    await prepareDatabase(db, { customers: Number(values.customers), refused: Number(values.refused), personId });
    await db.destroy();
    const file = join(folder, 'new.csv');
    await writeNewCustomers(file, Number(values.imported));
    const env = { CRM_DATABASE_URL: databaseUrl, DATA_DIR: folder, CUSTOMERS_CSV: 'none', LOG_LEVEL: 'info' };
    const crm = startProcess('crm/main.ts', env);
    const [url = ''] = await said(crm, /"url":"(http[^"]+)"/);
    console.log('| operation | took | request | p50 | p99 | max | 503 |\n|---|---|---|---|---|---|---|');
    for (const [name, doIt] of Object.entries(work(url, file))) {
      if (values.only && !values.only.split('|').includes(name)) continue;
      const probes = startProbes(url);
      const began = performance.now();
      await Promise.all([doIt(), delay(shortestMs)]);
      const seconds = (performance.now() - began) / 1000;
      for (const { name: request, p50, p99, max, refused, asked } of await probes.stop())
        console.log(
          `| ${name} | ${seconds.toFixed(1)} s | ${request} | ${p50.toFixed(0)} ms | ${p99.toFixed(0)} ms | ` +
            `${max.toFixed(0)} ms | ${refused} of ${asked} |`,
        );
    }
    console.log(`\nThe CRM, memory at its peak: ${peakMemory(crm.pid).toFixed(0)} MB`);
    const code = await crm.end('SIGTERM');
    if (code !== 0) throw new Error(`the CRM ended with ${code}:\n${crm.output().slice(-2_000)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

if (values.help) console.log(help);
else
  await run().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
