/** Creates a queue that runs work one at a time, in order, also after a failure. */
export const createSerialQueue = () => {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(work: () => Promise<T>): Promise<T> => {
    const outcome = last.then(work);
    last = outcome.catch(() => {});
    return outcome;
  };
};
