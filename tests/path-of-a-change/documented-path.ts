import type { Call } from './record-calls.ts';

/** `alsoCalled` are the other files that the sentence about the stop links to. */
export type Stop = Call & { readonly number: number; readonly alsoCalled: readonly string[] };

export type DocumentedPath = {
  readonly stops: readonly Stop[];
  /** The functions that replace those of the embedded adapters, under the numbers of their stops. */
  readonly onDapr: readonly Stop[];
  /** Files and folders (these end in `/`) that every change calls and the path leaves out. */
  readonly onTheWay: readonly string[];
  /** Files and folders that are called on a schedule, so perhaps during a change. */
  readonly inBackground: readonly string[];
};

/** Reads the tables of the section in docs/architecture.md: a row has number, function, file, and what happens. */
export const readDocumentedPath = (markdown: string): DocumentedPath => {
  const section = textAfter(markdown, '## The path of a change').split(/^## /m)[0] ?? '';
  const partNamed = (heading: string) => textAfter(section, `### ${heading}`).split(/^### /m)[0] ?? '';
  return {
    stops: stopsIn(section.split(/^### /m)[0] ?? ''),
    onDapr: stopsIn(partNamed('On Dapr and Kafka')),
    onTheWay: linksIn(partNamed('Left out')),
    inBackground: linksIn(partNamed('In the background')),
  };
};

const textAfter = (text: string, heading: string): string => {
  const [, rest, ...more] = text.split(`\n${heading}\n`);
  if (rest === undefined || more.length > 0) throw new Error(`docs/architecture.md needs one heading: ${heading}`);
  return rest;
};

const linksIn = (text: string): string[] => [...text.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, path]) => String(path));

/** Every row of a table is a stop, except its header. @throws Error that shows a row of another form */
const stopsIn = (text: string): Stop[] => {
  const withoutHeaders = text.replace(/^\|.*\n\|-.*\n/gm, '');
  const rows = withoutHeaders.split('\n').filter((line) => line.startsWith('|'));
  return rows.map((row) => {
    const [, number, name, rest = ''] = /^\| (\d+) \| `(\w+)` \| (.+)$/.exec(row) ?? [];
    if (!number || !name) throw new Error(`docs/architecture.md: this row is no stop: ${row}`);
    const [file = '', ...alsoCalled] = linksIn(rest);
    return { number: Number(number), name, file, alsoCalled };
  });
};
