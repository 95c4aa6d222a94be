import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram, isExecutable } from './find-program.ts';

export type Java = { readonly path: string; readonly version: number };

/** Finds a Java of at least this version: JAVA_HOME, then PATH, then Debian's folder. @throws Error that says which ones there are */
export const requireJavaVersion = async (minimum: number): Promise<string> => {
  const found: Java[] = [];
  for (const path of await listCandidates()) {
    const version = await readVersion(path);
    if (version !== undefined) found.push({ path, version });
    if (version !== undefined && version >= minimum) return path;
  }
  throw new Error(describeMissingJava(minimum, found));
};

/** The message for a machine that has only these versions of Java. */
export const describeMissingJava = (minimum: number, found: readonly Java[]): string => {
  const older = found.map(({ path, version }) => `Java ${version} (${path})`).join(', ');
  const what = older ? `There is only ${older}` : 'There is no Java';
  return `${what}: install Java ${minimum} or later, and put it on PATH or set JAVA_HOME.`;
};

/** Parses the output of `java -version`. Java 8 and earlier call themselves 1.8. */
export const parseJavaVersion = (output: string): number | undefined => {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(output) ?? [];
  return first === undefined ? undefined : Number(first === '1' && second !== undefined ? second : first);
};

const debianFolder = '/usr/lib/jvm';

const listCandidates = async (): Promise<string[]> => {
  const onPath = await findProgram('java');
  const installed = await readdir(debianFolder).catch(() => []);
  const javaHome = process.env.JAVA_HOME;
  const paths = [
    ...(javaHome ? [join(javaHome, 'bin/java')] : []),
    ...(onPath ? [onPath] : []),
    ...installed.sort().map((name) => join(debianFolder, name, 'bin/java')),
  ];
  const isThere = await Promise.all(paths.map(isExecutable));
  return paths.filter((_, n) => isThere[n]);
};

const readVersion = (java: string): Promise<number | undefined> =>
  new Promise((resolve) => {
    execFile(java, ['-version'], { timeout: 10_000 }, (error, _, stderr) =>
      resolve(error ? undefined : parseJavaVersion(stderr)),
    );
  });
