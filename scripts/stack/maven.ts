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
export const fetchJars = (name: string, artifacts: Artifact[], report: Report): Promise<string> =>
  fillOnce(name, report, async (mvn, folder) => {
    const pom = join(folder, 'pom.xml');
    await writeFile(pom, createPom(artifacts));
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${folder}`];
    await runCommand(mvn, ['-q', '-B', '-f', pom, ...goal]);
    await rm(pom);
  });

/** Fetches an archive (tar.gz) from Maven Central and unpacks it into the cache, once. @returns the folder of its files */
export const fetchArchive = (
  name: string,
  { groupId, artifactId, version, classifier = '' }: Artifact,
  report: Report,
): Promise<string> =>
  fillOnce(name, report, async (mvn, folder) => {
    const artifact = `${groupId}:${artifactId}:${version}:tar.gz:${classifier}`;
    await runCommand(mvn, ['-q', '-B', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`]);
    const archive = join(folder, `${artifactId}-${version}-${classifier}.tar.gz`);
    await runCommand('tar', ['-xzf', archive, '-C', folder]);
    await rm(archive);
  });

const fillOnce = async (
  name: string,
  report: Report,
  fill: (mvn: string, folder: string) => Promise<void>,
): Promise<string> => {
  const folder = join(settings.cacheFolder, name);
  if (await exists(folder)) return folder;
  const mvn = await requireProgram('mvn', 'install Maven 3 (Debian: maven).');
  report(`fetching ${name} from Maven Central`);
  // The folder gets its final name when it is complete, so an interrupted download is never used.
  const unfinished = `${folder}.${process.pid}.unfinished`;
  await mkdir(unfinished, { recursive: true });
  try {
    await fill(mvn, unfinished);
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
