import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { enforcePace, uploadPace } from './upload-pace.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

it('an upload does not stay in memory while it arrives', async () => {
  const chunks: WeakRef<Buffer>[] = [];
  async function* upload() {
    for (let n = 0; n < 100; n++) {
      const chunk = Buffer.alloc(1_000);
      chunks.push(new WeakRef(chunk));
      yield chunk;
    }
  }
  let kept = 0;
  for await (const _ of enforcePace(upload(), uploadPace)) {
    if (chunks.length < 100) continue;
    // A WeakRef keeps its object until the end of the turn.
    await nextTurn();
    collectGarbage();
    kept = chunks.filter((chunk) => chunk.deref()).length;
  }
  expect(kept).toBeLessThan(10);
});
