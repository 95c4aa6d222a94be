import type { DocumentedPath, Stop } from './documented-path.ts';
import type { Call, Recording } from './record-calls.ts';

/** The differences between the documented path and the recorded calls, one line each; empty if they agree. */
export const comparePath = (
  { stops, onTheWay, inBackground }: DocumentedPath,
  { calls, files }: Recording,
): readonly string[] => {
  const isCallOf = ({ file, name }: Stop, call: Call) => call.file === file && call.name === name;
  const isCalled = (path: string) => files.some((file) => contains(path, file));
  const leftOut = [...onTheWay, ...inBackground];
  const linked = stops.flatMap(({ file, alsoCalled }) => [file, ...alsoCalled]);
  const called = stops.filter((stop) => calls.some((call) => isCallOf(stop, call)));
  // Other views and polls call some of the functions too, so each stop needs a call after the one that was found for the stop above.
  const outOfOrder: Stop[] = [];
  let found = -1;
  for (const stop of called) {
    const next = calls.findIndex((call, n) => n > found && isCallOf(stop, call));
    if (next < 0) outOfOrder.push(stop);
    else found = next;
  }
  return [
    ...stops.filter(({ number }, i) => number !== i + 1).map((stop) => `${describe(stop)} has the wrong number`),
    ...stops.filter((stop) => !called.includes(stop)).map((stop) => `${describe(stop)} is not called`),
    ...outOfOrder.map((stop) => `${describe(stop)} is called before the stop above it`),
    ...[...linked, ...onTheWay].filter((path) => !isCalled(path)).map((path) => `nothing in ${path} is called`),
    ...leftOut
      .filter((path) => linked.some((file) => contains(path, file)))
      .map((path) => `${path} is left out and is on the path`),
    ...files
      .filter((file) => ![...linked, ...leftOut].some((path) => contains(path, file)))
      .map((file) => `${file} is called and not mentioned`),
  ];
};

const contains = (path: string, file: string) => (path.endsWith('/') ? file.startsWith(path) : file === path);

const describe = ({ number, name, file }: Stop) => `stop ${number}, ${name} in ${file},`;
