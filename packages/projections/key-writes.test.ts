import { describe, expect, it, vi } from 'vitest';
import { createKeyWrites } from './key-writes.ts';

/** Long enough that a test fails by its own timeout instead. */
const forever = 2 ** 30;

describe('waiting for a write', () => {
  it('ends at a write of the key, not at one of another key', async () => {
    const writes = createKeyWrites();
    const ended = vi.fn();
    const write = writes.listen('a');
    const waiting = write.within(forever).then(ended);
    writes.notify(['b', 'c']);
    await Promise.resolve();
    expect(ended).not.toHaveBeenCalled();
    writes.notify(new Map([['a', 1]]).keys());
    await waiting;
    write.stop();
  });

  it('ends for every reader of the key', async () => {
    const writes = createKeyWrites();
    const waiting = [writes.listen('a'), writes.listen('a')];
    writes.notify(['a']);
    await Promise.all(waiting.map((write) => write.within(forever)));
  });

  it('does not miss a write between the call and the wait', async () => {
    const writes = createKeyWrites();
    const write = writes.listen('a');
    writes.notify(['a']);
    await write.within(forever);
  });

  it('ends after the given time without a write', async () => {
    await createKeyWrites().listen('a').within(1);
  });

  it('hears nothing after it was stopped, and others still do', async () => {
    const writes = createKeyWrites();
    const [stopped, other] = [writes.listen('a'), writes.listen('a')] as const;
    stopped.stop();
    stopped.stop();
    writes.notify(['a']);
    await other.within(forever);
    other.stop();
    const later = writes.listen('a');
    stopped.stop();
    writes.notify(['a']);
    await later.within(forever);
  });
});
