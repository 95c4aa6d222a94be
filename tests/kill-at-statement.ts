import { Worker } from 'node:worker_threads';

type Statement = { readonly sql?: string };

/**
 * Makes this process kill itself before its Nth statement to a SQLite file, counted while `isCounting`. `isCounted` selects the statements;
 * default: all, and the closing of the database. Earlier statements of the same message are executed before.
 */
export const killAtStatement = (killAt: number, isCounted: (statement: Statement) => boolean = () => true) => {
  const counter = { isCounting: false };
  let statements = 0;
  const postMessage = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (this: Worker, ...message: Parameters<typeof postMessage>) {
    const [content] = message as [readonly Statement[] | 'close'];
    if (counter.isCounting)
      for (const [n, statement] of (content === 'close' ? [{}] : content).entries())
        if (isCounted(statement) && ++statements === killAt) {
          if (n > 0) executeFirst(() => postMessage.call(this, content.slice(0, n)));
          process.kill(process.pid, 'SIGKILL');
        }
    postMessage.apply(this, message);
  };
  return counter;
};

/** Gives the thread time to execute what is posted, while this thread does nothing else. */
const executeFirst = (post: () => void) => {
  post();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
};
