import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requireProgram } from './find-program.ts';
import type { Report } from './part.ts';
import { runCommand } from './run-command.ts';
import { settings } from './settings.ts';

/** A Maven artifact. One with a classifier is self-contained: its dependencies are not fetched. */
export type Artifact = { groupId: string; artifactId: string; version: string; classifier?: string };

export const requireJava = (): Promise<string> =>
  requireProgram('java', 'install Java 17 or later (Debian: openjdk-17-jre-headless).');

/** Fetches the artifacts and their dependencies from Maven Central into the cache, once. @returns the folder of the jars */
export const fetchJars = async (name: string, artifacts: Artifact[], report: Report): Promise<string> => {
  const folder = join(settings.cacheFolder, name);
  if (await exists(folder)) return folder;
  const mvn = await requireProgram('mvn', 'install Maven 3 (Debian: maven).');
  report(`fetching ${name} from Maven Central`);
  // The folder gets its final name when it is complete, so an interrupted download is never used.
  const unfinished = `${folder}.${process.pid}.unfinished`;
  await mkdir(unfinished, { recursive: true });
  try {
    const pom = join(unfinished, 'pom.xml');
    await writeFile(pom, createPom(artifacts));
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${unfinished}`];
    await runCommand(mvn, ['-q', '-B', '-f', pom, ...goal]);
    await rm(pom);
    await rename(unfinished, folder).catch(async (error) => {
      if (!(await exists(folder))) throw error; // another process was faster
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return folder;
};

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const createPom = (artifacts: Artifact[]): string => {
  const tag = ([name, value]: string[]): string => `<${name}>${value}</${name}>`;
  const withoutDependencies =
    '<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>';
  const dependencies = artifacts.map((artifact) =>
    tag(['dependency', Object.entries(artifact).map(tag).join('') + (artifact.classifier ? withoutDependencies : '')]),
  );
  const project = { modelVersion: '4.0.0', groupId: 'stack', artifactId: 'jars', version: '1' };
  return tag(['project', [...Object.entries(project).map(tag), tag(['dependencies', dependencies.join('')])].join('')]);
};
