/** Makes a queue: what is given to it is done one at a time, in the order given, whatever fails. */
export const createSerialQueue = () => {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(work: () => Promise<T>): Promise<T> => {
    const outcome = last.then(work);
    last = outcome.catch(() => {});
    return outcome;
  };
};
