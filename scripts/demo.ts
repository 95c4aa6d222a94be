import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseOptions } from '../packages/cli/options.ts';
import { runMain } from '../packages/cli/run-main.ts';
import { createNarrator } from './demo/narrator.ts';
import { createDemoEnvironment, killProcess } from './demo/platform-process.ts';
import { runDemo } from './demo/run-demo.ts';

const help = `Usage: npm run demo -- [--fast]
Shows in about a minute that a change arrives, and that kill -9 loses nothing, with the real commands and answers.

It starts the platform on the embedded default, in a folder of its own below the folder for temporary files and on free ports. It
never touches .data, and removes its folder in the end. Ctrl-C ends it and all its processes.

Options
  --fast      no pauses for reading, as without a terminal
  --help      shows this text

Environment
  NO_COLOR    prints without colours, as without a terminal
  TMPDIR      folder for temporary files (default: /tmp)

Examples
  npm run demo
  npm run -s demo -- --fast

Exit codes
  0  everything agreed
  1  something did not agree, or the demo failed; the last lines say what`;

const pauseMs = 5_000;
/** As a shell reports a program that SIGINT has ended. */
const interruptedExitCode = 130;

void runMain(async () => {
  const { values } = parseOptions('npm run demo', {
    options: { fast: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
  if (values.help) return console.log(help);
  const dataDir = mkdtempSync(join(tmpdir(), 'connection-mandates-demo-'));
  const children: ChildProcess[] = [];
  const ending = new AbortController();
  const cleanUp = async () => {
    await Promise.all(children.map(killProcess));
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      // Ctrl-C arrives twice: from the terminal and from npm.
      if (ending.signal.aborted) return;
      ending.abort();
      void cleanUp().then(() => process.exit(interruptedExitCode));
    });
  const isTerminal = process.stdout.isTTY === true;
  const narrator = createNarrator({
    print: (line) => {
      if (!ending.signal.aborted) console.log(line);
    },
    hasColours: isTerminal && !process.env.NO_COLOR,
    pauseMs: isTerminal && !values.fast ? pauseMs : 0,
    signal: ending.signal,
  });
  const env = createDemoEnvironment(process.env, dataDir);
  try {
    const agrees = await runDemo({ narrator, env, dataDir, onSpawn: (child) => void children.push(child) });
    if (!agrees) process.exitCode = 1;
    else console.log(`\nThe folder ${dataDir} is removed. To continue with a platform of your own: npm start`);
  } catch (error) {
    // After Ctrl-C every step fails, because its process is killed.
    if (!ending.signal.aborted) throw error;
  } finally {
    await cleanUp();
  }
});
