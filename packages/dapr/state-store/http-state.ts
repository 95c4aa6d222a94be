import { ExpectedError } from '../../runtime/expected-error.ts';
import { createSidecarError } from '../sidecar/errors.ts';
import type { Sidecar } from '../sidecar.ts';
import { readParallelism, type StateCalls } from './state-calls.ts';

type BulkItem = { key: string; data?: unknown; etag?: string; error?: string };

/** The state API over HTTP and JSON, which every sidecar has. */
export const createHttpState = (sidecar: Sidecar, name: string): StateCalls => {
  const path = `/state/${encodeURIComponent(name)}`;
  return {
    read: async (keys) => {
      const answer = await sidecar.call('POST', `${path}/bulk`, { keys, parallelism: readParallelism });
      if (answer.status !== 200) throw createSidecarError(answer);
      const items = answer.body as BulkItem[];
      // If Redis is unavailable the sidecar answers 200 with an error per item. Without this check every key would seem absent.
      const broken = items.find(({ error }) => error !== undefined);
      if (broken) throw new ExpectedError(`the state store ${name} does not answer: ${broken.error}`);
      const found = items.filter(({ data }) => data !== undefined && data !== null);
      return found.map(({ key, data, etag }) => [key, { value: data, etag: etag ?? '' }]);
    },
    execute: async (operations) => {
      const answer = await sidecar.call('POST', `${path}/transaction`, { operations });
      return answer.status < 300 ? undefined : createSidecarError(answer);
    },
  };
};
