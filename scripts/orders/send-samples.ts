import {
  type CalledService,
  callService,
  describeRefusal,
  type ServiceResponse,
} from '../../packages/http/call-service.ts';
import { ExpectedError } from '../../packages/runtime/expected-error.ts';
import { type MonotonicClock, monotonicClock } from '../../packages/runtime/lease.ts';
import { backoff, retry } from '../../packages/runtime/retry.ts';
import { sleepUnlessAborted } from '../../packages/runtime/sleep.ts';
import { createSample } from './create-sample.ts';

const maxInFlight = 16;
const retryForMs = 60_000;
const pauseMs = backoff({ firstMs: 100, maxMs: 5_000 });

export type SamplePlan = {
  readonly count: number;
  readonly rate: number | undefined;
  readonly seed: number;
  readonly customerIds: readonly string[];
  /** Called after each order with the number of orders that are done. */
  readonly onProgress: (done: number) => void;
};

type Time = { readonly clock: MonotonicClock; readonly sleep: typeof sleepUnlessAborted };
const realTime: Time = { clock: monotonicClock, sleep: sleepUnlessAborted };

/** `created` counts the orders that the CRM has now; `different` those whose key it knows with another content. */
export type SampleCounts = { readonly created: number; readonly different: number };

/**
 * Creates the orders of a seed, up to 16 at a time, at most `rate` a second. An order that the CRM has already is not created again.
 * A busy CRM (429 or 503) is asked again for up to a minute.
 * @throws ExpectedError that says how to continue, when the CRM does not answer or refuses an order
 */
export const sendSamples = async (crm: CalledService, plan: SamplePlan, time = realTime): Promise<SampleCounts> => {
  const { count, rate, onProgress } = plan;
  const startedAt = time.clock();
  const counts = { created: 0, different: 0 };
  const stop = new AbortController();
  let next = 0;
  let failure: Error | undefined;
  const work = async () => {
    for (let n = next++; n < count; n = next++) {
      const waitMs = rate === undefined ? 0 : startedAt + (n * 1000) / rate - time.clock();
      if (waitMs > 0) await time.sleep(waitMs, stop.signal);
      if (stop.signal.aborted) return;
      counts[await sendSample(crm, plan, n, stop.signal)]++;
      onProgress(counts.created + counts.different);
    }
  };
  const workUntilFailure = () =>
    work().catch((error) => {
      failure ??= error;
      stop.abort();
    });
  await Promise.all(Array.from({ length: Math.min(maxInFlight, count) }, workUntilFailure));
  if (failure) throw continueLater(failure, plan, counts.created + counts.different);
  return counts;
};

const sendSample = async (
  crm: CalledService,
  { seed, customerIds }: SamplePlan,
  n: number,
  signal: AbortSignal,
): Promise<keyof SampleCounts> => {
  const { key, body } = createSample(seed, n, customerIds);
  const response = await retry(() => postOrder(crm, key, body), {
    while: (error): error is BusyError => error instanceof BusyError,
    backoff: pauseMs,
    timeoutMs: retryForMs,
    signal,
  });
  if (response.ok) return 'created';
  if (response.body.type === 'urn:problem:key-reused') return 'different';
  throw new ExpectedError(`The CRM refuses order ${n + 1}: ${describeRefusal(response)}`);
};

/** The CRM asks to send the request again later. */
class BusyError extends ExpectedError {}

const postOrder = async (crm: CalledService, key: string, body: object): Promise<ServiceResponse> => {
  const response = await callService(crm, '/orders', { method: 'POST', headers: { 'idempotency-key': key }, body });
  if (response.status === 429 || response.status === 503) throw new BusyError(describeRefusal(response));
  return response;
};

const continueLater = (error: Error, { seed, count }: SamplePlan, done: number) =>
  new ExpectedError(
    `${error.message}\nAt least ${done} of ${count} orders exist. To continue: npm run orders -- generate ${count} --seed ${seed}`,
  );
