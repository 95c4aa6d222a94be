import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { daprCli, ensureDaprd, outcomeFile, partNames, stackFolder, startPart, stopPart } from './stack.ts';

const say = (name: string) => (line: string) => void process.stderr.write(`stack: ${name} ${line}\n`);

/** Makes the stack ready while the other tests run: `stackReady` waits for it. */
export const setup = () => {
  mkdirSync(stackFolder, { recursive: true });
  rmSync(outcomeFile, { force: true });
  const ready = Promise.allSettled([
    ...partNames.map((name) => startPart(name, say(name))),
    ensureDaprd(say('daprd')),
    // The CLI is for one test: built under CI, elsewhere used where it is.
    ...(process.env.CI ? [daprCli.ensure(say('dapr'))] : []),
  ]).then((outcomes) => {
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    writeFileSync(outcomeFile, failed ? (failed.reason as Error).message : 'ready');
  });
  return async () => {
    await ready;
    await Promise.all(partNames.map((name) => stopPart(name)));
  };
};
