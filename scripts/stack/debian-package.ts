import { existsSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { inTurn } from '../../packages/runtime/in-turn.ts';
import { findProgram } from './find-program.ts';
import type { Say } from './part.ts';
import { runCommand } from './run-command.ts';

const servicePolicy = '/usr/sbin/policy-rc.d';
const keptPolicy = `${servicePolicy}.before-connection-mandates`;

// dpkg takes one caller at a time, and the service policy is one file.
const afterOthers = inTurn();

/** Installs packages of Debian or Ubuntu without starting the services that come with them; only as root. */
export const installPackages = (names: string[], say: Say): Promise<void> =>
  afterOthers(async () => {
    const list = names.join(' ');
    if (!(await findProgram('apt-get'))) throw new Error(`Missing: ${list}. Install what your system calls them.`);
    if (process.getuid?.() !== 0) {
      throw new Error(`Missing: ${list}. As root: apt-get install --no-install-recommends ${list}; then this again.`);
    }
    say(`installing Debian's ${list}`);
    await withServicesKeptDown(async () => {
      await apt('update');
      await apt('install', '--no-install-recommends', ...names);
    });
  });

const apt = (...args: string[]): Promise<string> =>
  runCommand('apt-get', ['-q', '-y', '-o', 'DPkg::Lock::Timeout=300', ...args], {
    env: { DEBIAN_FRONTEND: 'noninteractive' },
  });

const withServicesKeptDown = async (work: () => Promise<void>): Promise<void> => {
  // The terminal interrupts apt-get by itself; we have to stay and put the policy back.
  process.on('SIGINT', stay);
  try {
    // One that is kept already was left by a run that was killed: the present one is ours then.
    if (!existsSync(keptPolicy)) await rename(servicePolicy, keptPolicy).catch(ignoreMissing);
    // invoke-rc.d asks this file; 101 means "do not start".
    await writeFile(servicePolicy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    await work();
  } finally {
    await rm(servicePolicy, { force: true });
    await rename(keptPolicy, servicePolicy).catch(ignoreMissing);
    process.off('SIGINT', stay);
  }
};

const stay = (): void => {};

const ignoreMissing = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'ENOENT') throw error;
};
