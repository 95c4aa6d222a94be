import { Worker } from 'node:worker_threads';

type Statement = { readonly sql?: string };

/**
 * Makes this process kill itself before its Nth statement to a SQLite file, counted while `isCounting`. `isCounted` selects the statements;
 * default: all, and the closing of the database. Earlier statements of the same message are executed before.
 */
export const killAtStatement = (killAt: number, isCounted: (statement: Statement) => boolean = () => true) => {
  const counter = {
    isCounting: false,
    statements: 0,
    /** Counts a statement; before the Nth it calls `beforeKill` and kills the process. */
    count: (statement: Statement, beforeKill: () => unknown = () => {}) => {
      if (!counter.isCounting || !isCounted(statement) || ++counter.statements !== killAt) return;
      beforeKill();
      process.kill(process.pid, 'SIGKILL');
    },
  };
  const postMessage = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (this: Worker, ...message: Parameters<typeof postMessage>) {
    const [content] = message as [readonly Statement[] | 'close'];
    for (const [n, statement] of (content === 'close' ? [{}] : content).entries())
      counter.count(statement, () => n > 0 && executeFirst(() => postMessage.call(this, content.slice(0, n))));
    postMessage.apply(this, message);
  };
  return counter;
};

/** Gives the thread time to execute what is posted, while this thread does nothing else. */
const executeFirst = (post: () => void) => {
  post();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
};
