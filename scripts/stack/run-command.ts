import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

type Options = { env?: Record<string, string>; cwd?: string; onLine?: (line: string) => void };

/** Runs a program to its end. @returns its output, stdout and stderr @throws Error with the last lines when it fails */
export const runCommand = (program: string, args: string[], { env, cwd, onLine }: Options = {}): Promise<string> =>
  new Promise((resolve, reject) => {
    const lines: string[] = [];
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      ...(cwd && { cwd }),
    });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on('line', (line) => {
        lines.push(line);
        onLine?.(line);
      });
    }
    child.once('error', reject);
    child.once('close', (code, signal) =>
      code === 0
        ? resolve(lines.join('\n'))
        : reject(new Error(`${program} ended with ${signal ?? code}:\n${lines.slice(-15).join('\n')}`)),
    );
  });
