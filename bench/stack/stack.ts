import { rmSync } from 'node:fs';
import { root } from '../../tests/platform-process.ts';
import { stackEnvironment } from './ports.ts';

Object.assign(process.env, stackEnvironment);
process.chdir(root);
const { startPart } = await import('../../scripts/stack/start-part.ts');
const { stopPart } = await import('../../scripts/stack/stop-part.ts');
const { findOwnedProcess } = await import('../../scripts/stack/owned-process.ts');
export const { partFolder } = await import('../../scripts/stack/settings.ts');
export const { ensureDaprd } = await import('../../scripts/stack/daprd.ts');
export const { requireJava } = await import('../../scripts/stack/maven.ts');
export const { fetchKafkaJars, fetchKafkaStreamsJars } = await import('../../scripts/stack/parts/kafka.ts');

const partNames = ['kafka', 'redis', 'mysql'] as const;
type PartName = (typeof partNames)[number];

export const startParts = async (names: readonly PartName[], report: (line: string) => void): Promise<void> =>
  void (await Promise.all(names.map((name) => startPart(name, (line) => report(`${name} ${line}`)))));

/** Removes the data of earlier runs, which the servers would load, and compact during the measurement. */
export const removeEarlierRuns = async (): Promise<void> => {
  await stopParts();
  for (const name of partNames) rmSync(partFolder(name), { recursive: true, force: true });
};

export const stopParts = async (): Promise<void> => void (await Promise.all(partNames.map((name) => stopPart(name))));

/** The pid of a part that this stack started; undefined when another process answers on its port. */
export const pidOf = (name: PartName): number | undefined => findOwnedProcess(partFolder(name))?.pid;
