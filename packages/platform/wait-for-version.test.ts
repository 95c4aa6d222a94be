import { describe, expect, it, vi } from 'vitest';
import { eventually } from '../../tests/eventually.ts';
import { createKeyWrites } from '../projections/key-writes.ts';
import { waitForVersion } from './wait-for-version.ts';

type Document = { readonly version: number };

const createWaiting = (documents: Map<string, Document>, waitMs: number) => {
  const writes = createKeyWrites();
  const read = vi.fn(async () => documents.get('a'));
  const waiting = waitForVersion<Document>({ writes }, 'a', {
    read,
    wanted: 2,
    waitMs,
    versionOf: ({ version }) => version,
    createError: (found) => new Error(`found ${found}`),
  });
  return { writes, read, waiting };
};

describe('waiting for a version', () => {
  it('answers without waiting where the version is there', async () => {
    const { waiting, read } = createWaiting(new Map([['a', { version: 3 }]]), 0);
    expect(await waiting).toEqual({ version: 3 });
    expect(read).toHaveBeenCalledTimes(1);
  });

  it('reads again as soon as this process has written the key', async () => {
    vi.useFakeTimers();
    try {
      const documents = new Map([['a', { version: 1 }]]);
      const { waiting, read, writes } = createWaiting(documents, 30_000);
      await eventually(() => expect(read).toHaveBeenCalledTimes(1));
      documents.set('a', { version: 2 });
      writes.notify(['a']);
      // No timer has fired, because the clock stands still.
      expect(await waiting).toEqual({ version: 2 });
      expect(read).toHaveBeenCalledTimes(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it('finds what another process wrote', async () => {
    const documents = new Map<string, Document>();
    const { waiting, read } = createWaiting(documents, 30_000);
    await eventually(() => expect(read).toHaveBeenCalled());
    documents.set('a', { version: 2 });
    expect(await waiting).toEqual({ version: 2 });
  });

  it('reads seldom while it waits long', async () => {
    vi.useFakeTimers();
    try {
      const { waiting, read } = createWaiting(new Map(), 5_000);
      waiting.catch(() => {});
      await vi.advanceTimersByTimeAsync(5_001);
      await expect(waiting).rejects.toThrow('found undefined');
      expect(read.mock.calls.length).toBeLessThanOrEqual(22);
    } finally {
      vi.useRealTimers();
    }
  });

  it('refuses with the version that it found last', async () => {
    await expect(createWaiting(new Map([['a', { version: 1 }]]), 5).waiting).rejects.toThrow('found 1');
    await expect(createWaiting(new Map(), 0).waiting).rejects.toThrow('found undefined');
  });
});
