type Frame = { readonly event: string; readonly id?: string; readonly data: never };
type ShownRecord = Readonly<Record<string, unknown>>;

/** Parses the events of `/operations/events`. */
export const parseFrames = (text: string): Frame[] =>
  text.split('\n\n').flatMap((frame) => {
    const fields = Object.fromEntries(
      frame.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
    );
    return fields.event
      ? [{ event: fields.event, ...(fields.id && { id: fields.id }), data: JSON.parse(fields.data as string) as never }]
      : [];
  });

/** The records of these events. */
export const recordsOf = (frames: readonly Frame[]): ShownRecord[] =>
  frames.flatMap(({ event, data }) => (event === 'records' ? (data as ShownRecord[]) : []));

/** Follows an endless stream of events until `leave` is called. */
export const followEvents = async (url: string, headers: Record<string, string> = {}) => {
  const leaving = new AbortController();
  const response = await fetch(url, { headers, signal: leaving.signal });
  let text = '';
  const ended = (async () => {
    for await (const chunk of response.body as never as AsyncIterable<Uint8Array>)
      text += Buffer.from(chunk).toString();
  })().catch(() => {});
  return { response, frames: () => parseFrames(text), ended, leave: () => leaving.abort() };
};
