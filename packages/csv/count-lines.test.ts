import { expect, it } from 'vitest';
import { createLineCounter } from './count-lines.ts';

const count = (chunks: readonly (string | Buffer)[]) => {
  const lines = createLineCounter();
  for (const chunk of chunks) lines.add(Buffer.from(chunk));
  return lines.count();
};

it.each([
  [0, []],
  [1, ['a,b,c']],
  [1, ['a,b,c\n']],
  [3, ['a,b\n1,2\r\n3,4\r']],
  [3, ['a,b\r1,2\r3,4']],
  [2, ['a,b\r', '\n1,2\r', '\n']],
  [3, ['a,b\r', '\r', '\n', 'x']],
  [2, [Buffer.from('\uFEFFa,b\r\n\u0a0a,\u0d0d', 'utf16le')]],
])('counts %i lines in %j', (lines, chunks) => expect(count(chunks)).toBe(lines));
