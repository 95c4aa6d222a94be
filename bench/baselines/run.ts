/** Says `first` at the first of so many events, and `done` with the seconds since then at the last one. */
export const passage = (events: number): ((count: number) => void) => {
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
