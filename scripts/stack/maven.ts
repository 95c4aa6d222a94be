import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requireProgram } from './find-program.ts';
import type { Say } from './part.ts';
import { runCommand } from './run-command.ts';
import { settings } from './settings.ts';

/** One with a classifier brings all it needs within itself. */
export type Artifact = { groupId: string; artifactId: string; version: string; classifier?: string };

export const requireJava = (): Promise<string> =>
  requireProgram('java', 'install Java 17 or later (Debian: openjdk-17-jre-headless).');

/** Fetches the artifacts and all they need from Maven Central, once; returns the folder of the jars. */
export const fetchJars = async (name: string, artifacts: Artifact[], say: Say): Promise<string> => {
  const folder = join(settings.cacheFolder, name);
  if (await exists(folder)) return folder;
  const mvn = await requireProgram('mvn', 'install Maven 3 (Debian: maven).');
  say(`fetching ${name} from Maven Central`);
  // Unfinished work never carries the final name, so a broken download is not taken for a whole one.
  const unfinished = `${folder}.${process.pid}.unfinished`;
  await mkdir(unfinished, { recursive: true });
  try {
    const pom = join(unfinished, 'pom.xml');
    await writeFile(pom, pomOf(artifacts));
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

const pomOf = (artifacts: Artifact[]): string => {
  const tag = ([name, value]: string[]): string => `<${name}>${value}</${name}>`;
  const nothingElse = '<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>';
  const dependencies = artifacts.map((artifact) =>
    tag(['dependency', Object.entries(artifact).map(tag).join('') + (artifact.classifier ? nothingElse : '')]),
  );
  const project = { modelVersion: '4.0.0', groupId: 'stack', artifactId: 'jars', version: '1' };
  return tag(['project', [...Object.entries(project).map(tag), tag(['dependencies', dependencies.join('')])].join('')]);
};
