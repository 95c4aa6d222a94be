import { execFile } from 'node:child_process';
import { expect, it } from 'vitest';

const start = (script: string, ports: string) =>
  new Promise<{ code: unknown; output: string }>((resolve) => {
    const env = { ...process.env, BENCH_PORTS: ports };
    execFile(process.execPath, ['--import', 'tsx', script, '--only', 'limits'], { env }, (error, _, stderr) =>
      resolve({ code: error?.code, output: stderr }),
    );
  });

it.each([
  ['bench/bench.ts', 'abc'],
  ['bench/growth.ts', '1023'],
  ['bench/import.ts', '64001'],
  ['bench/orders.ts', '25000.5'],
])('%s refuses BENCH_PORTS=%s in one line before it starts anything', async (script, ports) => {
  const { code, output } = await start(script, ports);
  expect(code).toBe(1);
  expect(output).toMatch(/^BENCH_PORTS=[^\n]* is invalid: give a number from 1024 to 64000[^\n]*\n$/);
  expect(output).toContain(`BENCH_PORTS=${ports} `);
});
