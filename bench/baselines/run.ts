/** @returns a function that counts events and prints `first` at the first, and `done` with the seconds since then at the last */
export const measureRun = (events: number): ((count: number) => void) => {
  let began: number | undefined;
  let seen = 0;
  return (count) => {
    if (began === undefined) {
      began = performance.now();
      console.log('first');
    }
    seen += count;
    if (seen >= events) console.log(`done ${(performance.now() - began) / 1000}`);
  };
};
