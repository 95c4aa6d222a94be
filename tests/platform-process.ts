import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..');

const folders: string[] = [];
/** Creates a folder for the data of one test. It is removed when the test run ends. */
export const dataFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'platform-'));
  folders.push(folder);
  return folder;
};

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export type RunningProcess = {
  pid: number;
  output: () => string;
  /** The exit code, or the signal that ended the process. */
  ended: Promise<number | string>;
  end(signal: NodeJS.Signals): Promise<number | string>;
};

/** Has the folder of the compiled programs. `tests/compiled.ts` sets it for the workers of a run. */
export const folderVariable = 'COMPILED_PROGRAMS';
const fromSource = (file: string) => ['--import', 'tsx', file];

/** Returns the arguments with which Node runs a TypeScript file of the project, which is compiled if `tests/compiled.ts` did so. */
export const programWords = (file: string): string[] => {
  const folder = process.env[folderVariable];
  const compiled = folder && join(folder, file.replace(/\.ts$/, '.js'));
  return compiled && existsSync(compiled) ? [compiled] : fromSource(file);
};

/** Runs a TypeScript file of the project in its own process, on free ports unless `env` sets them. */
export const startProcess = (
  file: string,
  env: Record<string, string>,
  args: string[] = [],
  checkout = root,
): RunningProcess => {
  const defaults = { APP_PORT: '0', APP_REST_PORT: '0', CUSTOMER_VIEW_PORT: '0', LOG_LEVEL: 'info' };
  // Another checkout has other sources, and a module loader in NODE_OPTIONS changes them.
  const words = checkout === root && !('NODE_OPTIONS' in env) ? programWords(file) : fromSource(file);
  return startProgram(process.execPath, [...words, ...args], { ...defaults, ...env }, checkout);
};

/** Runs a program until it ends, `end` is called, or the test run ends. */
export const startProgram = (
  program: string,
  args: string[],
  env: Record<string, string>,
  cwd = root,
): RunningProcess => {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output += chunk;
    });
  const ended = once(child, 'close').then(([code, signal]) => {
    running.delete(child);
    return code ?? signal;
  });
  return {
    pid: child.pid as number,
    output: () => output,
    ended,
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
};

/** Waits until the output matches all patterns. @returns the first group, or the whole match, of each pattern */
export const waitForOutput = async (started: RunningProcess, ...patterns: RegExp[]): Promise<string[]> => {
  const exited = started.ended.then((code) => {
    throw new Error(`The process ended with ${code}. Its output:\n${started.output()}`);
  });
  const findMatches = async () => {
    for (;;) {
      const matches = patterns.map((pattern) => pattern.exec(started.output()));
      if (matches.every((match) => match !== null)) return matches.map((match) => match[1] ?? match[0]);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  return Promise.race([findMatches(), exited]);
};

/** Starts the whole platform in one process, as `npm start` does. */
export const startPlatform = async (env: Record<string, string>) => {
  const started = startProcess('scripts/start.ts', env);
  const services = [/CRM +(http\S+)/, /IoT platform +(http\S+)/, /customer-view +(http\S+)/];
  const urls = await waitForOutput(started, ...services, /Ctrl-C stops/);
  const [crm, iotPlatform, customerView] = urls as [string, string, string];
  return { ...started, crm, iotPlatform, customerView };
};
