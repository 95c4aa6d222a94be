import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { daprCli, ensureDaprd, outcomeFile, partNames, stackFolder, startPart, stopPart } from './stack.ts';

const reportOf = (name: string) => (line: string) => void process.stderr.write(`stack: ${name} ${line}\n`);

/** The servers start after the builds, which would take the processors from them for minutes. */
const buildAndStart = async (): Promise<PromiseSettledResult<unknown>[]> => {
  const builds = await Promise.allSettled([
    ensureDaprd(reportOf('daprd')),
    // One test needs the Dapr CLI. It is built under CI only, because that takes minutes.
    ...(process.env.CI ? [daprCli.ensure(reportOf('dapr'))] : []),
  ]);
  return [...builds, ...(await Promise.allSettled(partNames.map((name) => startPart(name, reportOf(name)))))];
};

/** Starts the stack while the other tests run; `isStackReady` waits for it. */
export const setup = () => {
  mkdirSync(stackFolder, { recursive: true });
  rmSync(outcomeFile, { force: true });
  const ready = buildAndStart().then((outcomes) => {
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    writeFileSync(outcomeFile, failed ? (failed.reason as Error).message : 'ready');
  });
  return async () => {
    await ready;
    await Promise.all(partNames.map((name) => stopPart(name)));
  };
};
