import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { root } from '../platform-process.ts';
import { stackEnvironment } from './ports.ts';

Object.assign(process.env, stackEnvironment);
process.chdir(root);
export const { startPart } = await import('../../scripts/stack/start-part.ts');
export const { stopPart } = await import('../../scripts/stack/stop-part.ts');
export const { defaultPartNames: partNames } = await import('../../scripts/stack/parts.ts');
export const { ensureDaprd } = await import('../../scripts/stack/daprd.ts');
export const { daprCli, prepareDaprCliEnvironment } = await import('../../scripts/stack/dapr-cli.ts');

export const stackFolder = join(root, stackEnvironment.STACK_DIR);
/** The set-up writes `ready` or the error to this file. */
export const outcomeFile = join(stackFolder, 'outcome');

/** Waits for Kafka, Redis, MariaDB, Zipkin and daprd. @returns whether all are ready @throws Error under CI if not */
export const isStackReady = async (): Promise<boolean> => {
  while (!existsSync(outcomeFile)) await delay(100);
  const outcome = readFileSync(outcomeFile, 'utf8');
  if (outcome === 'ready') return true;
  if (process.env.CI) throw new Error(`the stack could not be made ready: ${outcome}`);
  console.warn(`skipped: tests on Kafka, Redis, MariaDB and Dapr. ${outcome}`);
  return false;
};
