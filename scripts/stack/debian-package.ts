import { existsSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { createSerialQueue } from '../../packages/runtime/serial-queue.ts';
import { findProgram } from './find-program.ts';
import type { Report } from './part.ts';
import { runCommand } from './run-command.ts';

const servicePolicy = '/usr/sbin/policy-rc.d';
const savedPolicy = `${servicePolicy}.before-connection-mandates`;

// dpkg holds one lock, and all installations share one service policy file.
const oneAtATime = createSerialQueue();

/** Installs packages of Debian or Ubuntu without starting their services. @throws Error with the command to run, unless we are root */
export const installPackages = (names: string[], report: Report): Promise<void> =>
  oneAtATime(async () => {
    const list = names.join(' ');
    if (!(await findProgram('apt-get')))
      throw new Error(`Missing: ${list}. Install these programs by the package manager of your system.`);
    if (process.getuid?.() !== 0) {
      throw new Error(
        `Missing: ${list}. Run apt-get install --no-install-recommends ${list} as root, then run this command again.`,
      );
    }
    report(`installing the Debian packages ${list}`);
    await withoutStartingServices(async () => {
      await apt('update');
      await apt('install', '--no-install-recommends', ...names);
    });
  });

const apt = (...args: string[]): Promise<string> =>
  runCommand('apt-get', ['-q', '-y', '-o', 'DPkg::Lock::Timeout=300', ...args], {
    env: { DEBIAN_FRONTEND: 'noninteractive' },
  });

const withoutStartingServices = async (work: () => Promise<void>): Promise<void> => {
  // Ctrl-C reaches apt-get as well. This process must not end before it has restored the policy.
  process.on('SIGINT', ignoreInterrupt);
  try {
    // A saved policy is left by a killed run; then the file in place is ours and must not be saved.
    if (!existsSync(savedPolicy)) await rename(servicePolicy, savedPolicy).catch(ignoreMissing);
    // invoke-rc.d runs this file; exit code 101 means "do not start".
    await writeFile(servicePolicy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    await work();
  } finally {
    await rm(servicePolicy, { force: true });
    await rename(savedPolicy, servicePolicy).catch(ignoreMissing);
    process.off('SIGINT', ignoreInterrupt);
  }
};

const ignoreInterrupt = (): void => {};

const ignoreMissing = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'ENOENT') throw error;
};
