/** A message of a text/event-stream; `event` is "message" if the stream names none. */
export type StreamMessage = { readonly event: string; readonly id: string | undefined; readonly data: string };

/** Parses server-sent events from pieces of text that may end anywhere. */
export const createEventStreamParser = (): ((text: string) => StreamMessage[]) => {
  let rest = '';
  return (text) => {
    // A carriage return at the end may be the first half of a line end.
    const blocks = (rest + text).replace(/\r\n/g, '\n').split('\n\n');
    rest = blocks.pop() ?? '';
    return blocks.flatMap((block) => {
      const message = parseBlock(block);
      return message ? [message] : [];
    });
  };
};

/** Comments, such as heartbeats, and blocks without data are no messages. */
const parseBlock = (block: string): StreamMessage | undefined => {
  const data: string[] = [];
  let event = 'message';
  let id: string | undefined;
  for (const line of block.split('\n')) {
    const [, name, value = ''] = /^([^:]+)(?:: ?(.*))?$/.exec(line) ?? [];
    if (name === 'data') data.push(value);
    if (name === 'event') event = value;
    if (name === 'id') id = value;
  }
  return data.length > 0 ? { event, id, data: data.join('\n') } : undefined;
};
