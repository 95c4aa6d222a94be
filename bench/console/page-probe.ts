/** What the flow page did while the probe ran. Times are in ms. */
export type Observed = {
  readonly rows: readonly Row[];
  /** How many events the page says it left out meanwhile. */
  readonly leftOut: number;
  /** The lengths of tasks that blocked the page for more than 50 ms. */
  readonly longTasks: readonly number[];
  /** The times between frames. */
  readonly frames: readonly number[];
};

/** An event that got a row. */
type Row = {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** From the event's timestamp, which the broker set, until the row was in the page. */
  readonly delay: number;
};

/** Runs in the page, whose table of events has the columns time, topic, partition, offset. */
export const startProbe = `{
  const observed = { rows: [], longTasks: [], frames: [] };
  const readRow = (row) => {
    const delay = Date.now() - Date.parse(row.querySelector('time').dateTime);
    const [topic, partition, offset] = [1, 2, 3].map((cell) => row.cells[cell].textContent);
    observed.rows.push({ topic, partition: Number(partition), offset: Number(offset), delay });
  };
  const watchRows = new MutationObserver((changes) => {
    for (const { addedNodes } of changes) for (const node of addedNodes) readRow(node);
  });
  watchRows.observe(document.querySelector('.tail tbody'), { childList: true });
  const watchTasks = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) observed.longTasks.push(duration);
  });
  watchTasks.observe({ type: 'longtask' });
  let before = performance.now();
  const countFrame = (now) => {
    observed.frames.push(now - before);
    before = now;
    requestAnimationFrame(countFrame);
  };
  requestAnimationFrame(countFrame);
  const countLeftOut = () => Number(/(\\d+) came too fast/.exec(document.body.textContent)?.[1] ?? 0);
  const leftOutBefore = countLeftOut();
  globalThis.readProbe = () => ({ ...observed, leftOut: countLeftOut() - leftOutBefore });
}`;
export const readProbe = 'readProbe()';
