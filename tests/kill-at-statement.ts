import { Worker } from 'node:worker_threads';

/**
 * Makes this process kill itself before its Nth statement to a SQLite file, counted while `isCounting`. `isCounted` selects the statements;
 * default: all messages to the threads of SQLite.
 */
export const killAtStatement = (killAt: number, isCounted: (message: { sql?: string }) => boolean = () => true) => {
  const counter = { isCounting: false };
  let statements = 0;
  const postMessage = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (this: Worker, ...message: Parameters<typeof postMessage>) {
    const [content] = message as [{ sql?: string }];
    if (counter.isCounting && isCounted(content) && ++statements === killAt) process.kill(process.pid, 'SIGKILL');
    postMessage.apply(this, message);
  };
  return counter;
};
