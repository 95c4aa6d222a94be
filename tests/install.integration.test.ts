import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { dataFolder, root } from './platform-process.ts';

const kinds = ['for-running', 'for-tracing', 'for-tests'];
const tracingVariables = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'ZIPKIN_URL'];

/** The environment without the variables of `npm test`, by which npm would use this project, and without a collector. */
const cleanEnv = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_|INIT_CWD$|NODE_ENV$)/.test(name) && !tracingVariables.includes(name),
  ),
);

/** A project with the script that installs, and with one package of each kind, as files. */
const createProject = () => {
  const project = dataFolder();
  for (const name of kinds) {
    const source = join(project, 'sources', name);
    mkdirSync(source, { recursive: true });
    writeFileSync(join(source, 'package.json'), JSON.stringify({ name, version: '1.0.0' }));
    execFileSync('npm', ['pack', '--pack-destination', project], { cwd: source, env: cleanEnv, stdio: 'pipe' });
  }
  const file = (name: string) => ({ [name]: `file:${name}-1.0.0.tgz` });
  const manifest = {
    name: 'project',
    dependencies: file('for-running'),
    peerDependencies: file('for-tracing'),
    devDependencies: file('for-tests'),
  };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  cpSync(join(root, '.npmrc'), join(project, '.npmrc'));
  execFileSync('npm', ['install', '--package-lock-only'], { cwd: project, env: cleanEnv, stdio: 'pipe' });
  mkdirSync(join(project, 'scripts'));
  cpSync(join(root, 'scripts/install.mjs'), join(project, 'scripts/install.mjs'));
  return project;
};

let project: string;
const run = (args: string[], env: Record<string, string> = {}) => {
  const options = {
    cwd: project,
    env: { ...cleanEnv, npm_config_cache: join(project, 'cache'), ...env },
    encoding: 'utf8',
  } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/install.mjs', ...args], options);
  return { status, installs: stdout.includes('Installing packages'), stderr };
};
const start = (env: Record<string, string> = {}) => run(['--omit=dev'], env);
const listInstalled = () => kinds.filter((name) => existsSync(join(project, 'node_modules', name, 'package.json')));
const onlyRunning = ['for-running'];

describe('what npm start, the lab and npm test install', () => {
  beforeAll(() => {
    project = createProject();
  });

  it('is at first what running needs', () => {
    expect(start()).toMatchObject({ status: 0, installs: true });
    expect(listInstalled()).toEqual(onlyRunning);
    expect(start()).toMatchObject({ status: 0, installs: false });
  });

  it('grows by the tracing packages where a collector is configured, and below a running service nothing is removed', () => {
    const loadedLater = join(project, 'node_modules/for-running/loaded-later.js');
    writeFileSync(loadedLater, '');
    const lock = readFileSync(join(project, 'package-lock.json'), 'utf8');
    expect(start({ ZIPKIN_URL: '' })).toMatchObject({ installs: false });
    expect(start({ ZIPKIN_URL: 'http://localhost:9411/api/v2/spans' })).toMatchObject({ status: 0, installs: true });
    expect(listInstalled()).toEqual(['for-running', 'for-tracing']);
    for (const variable of tracingVariables)
      expect(start({ [variable]: 'http://localhost:4318' }), variable).toMatchObject({ installs: false });
    expect(run(['--omit=dev', '--tracing'])).toMatchObject({ installs: false });

    expect(run([])).toMatchObject({ status: 0, installs: true });
    expect(listInstalled()).toEqual(kinds);
    for (const args of [['--omit=dev'], ['--omit=dev', '--tracing'], []])
      expect(run(args)).toMatchObject({ status: 0, installs: false });
    expect(existsSync(loadedLater)).toBe(true);
    expect(readFileSync(join(project, 'package-lock.json'), 'utf8')).toBe(lock);
  });

  it('is brought up to date with a changed lock file, and keeps tests and tracing', () => {
    const hidden = join(project, 'node_modules/.package-lock.json');
    writeFileSync(hidden, readFileSync(hidden, 'utf8').replace('"version": "1.0.0"', '"version": "0.9.0"'));
    expect(start()).toMatchObject({ status: 0, installs: true });
    expect(listInstalled()).toEqual(kinds);
    expect(start()).toMatchObject({ installs: false });
  });
});

describe('where the registry does not answer', () => {
  beforeAll(() => {
    project = createProject();
    expect(start()).toMatchObject({ status: 0 });
    for (const path of ['for-tracing-1.0.0.tgz', 'cache']) rmSync(join(project, path), { recursive: true });
  });

  it('the services start without the tracing packages, and a warning is printed', () => {
    const { status, stderr } = start({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' });
    expect(status).toBe(0);
    expect(stderr).toContain('the services run without tracing');
    expect(listInstalled()).toEqual(onlyRunning);
  });

  it('npm test fails', () => expect(run([]).status).not.toBe(0));
});
