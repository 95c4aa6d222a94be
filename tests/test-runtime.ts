import { pino } from 'pino';
import type { Runtime } from '../packages/runtime/runtime.ts';
import { createSilentTracer } from '../packages/runtime/tracing.ts';

export const noon = Date.UTC(2026, 10, 21, 12);

/** Creates a runtime with a silent log, a clock that changes by `setClock` only, and ids that count up. */
export const createTestRuntime = (): Runtime & { setClock(ms: number): void } => {
  let ids = 0;
  let clock = noon;
  const newId = () => `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`;
  return {
    log: pino({ level: 'silent' }),
    tracer: createSilentTracer(newId),
    now: () => clock,
    newId,
    setClock: (ms) => {
      clock = ms;
    },
  };
};
