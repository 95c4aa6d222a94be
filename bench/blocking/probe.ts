import { setTimeout as delay } from 'node:timers/promises';
import { quantile } from '../measure/statistics.ts';

type Probe = { readonly name: string; readonly everyMs: number; send(): Promise<Response> };
export type Latency = { readonly name: string; p50: number; p99: number; max: number; refused: number; sent: number };

/** Sends each request at a fixed rate, whether or not earlier ones are answered. `stop` waits for the last answers. */
export const startProbes = (url: string): { stop(): Promise<Latency[]> } => {
  let mandate = 0;
  const patch = () => ({
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ connectionMandate: String(mandate++ % 3) }),
  });
  const probes: Probe[] = [
    { name: 'GET /customers/7', everyMs: 20, send: () => fetch(`${url}/customers/7`) },
    { name: 'PATCH /customers/7', everyMs: 100, send: () => fetch(`${url}/customers/7`, patch()) },
    { name: '/healthz', everyMs: 20, send: () => fetch(`${url}/healthz`) },
  ];
  const stopping = new AbortController();
  const running = probes.map((probe) => measure(probe, stopping.signal));
  return {
    stop: () => {
      stopping.abort();
      return Promise.all(running);
    },
  };
};

const measure = async ({ name, everyMs, send }: Probe, stop: AbortSignal): Promise<Latency> => {
  const took: number[] = [];
  const open = new Set<Promise<void>>();
  let refused = 0;
  while (!stop.aborted) {
    const began = performance.now();
    const request = send()
      .then(async (answer) => {
        await answer.arrayBuffer();
        if (answer.status === 503) refused++;
        else if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
        took.push(performance.now() - began);
      })
      .finally(() => open.delete(request));
    open.add(request);
    await delay(everyMs);
  }
  await Promise.all(open);
  const [p50, p99, max] = [quantile(took, 0.5), quantile(took, 0.99), Math.max(...took)];
  return { name, p50, p99, max, refused, sent: took.length };
};
