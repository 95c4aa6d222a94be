import { expect, it } from 'vitest';
import { createEventStreamParser } from './parse-event-stream.ts';

it('reads messages, wherever the pieces end', () => {
  const text =
    'retry: 1000\n\n: heartbeat\n\nevent: records\nid: 7\ndata: [1,\ndata: 2]\n\nevent: gap\r\ndata:{}\r\n\r\n';
  const expected = [
    { event: 'records', id: '7', data: '[1,\n2]' },
    { event: 'gap', id: undefined, data: '{}' },
  ];
  for (let size = 1; size <= text.length; size++) {
    const parse = createEventStreamParser();
    const messages = [];
    for (let from = 0; from < text.length; from += size) messages.push(...parse(text.slice(from, from + size)));
    expect(messages).toEqual(expected);
  }
});

it('waits for the end of a message', () => {
  const parse = createEventStreamParser();
  expect(parse('data: a: b\n')).toEqual([]);
  expect(parse('\n')).toEqual([{ event: 'message', id: undefined, data: 'a: b' }]);
});
