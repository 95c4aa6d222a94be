import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { dataFolder, root, startProgram, waitForOutput } from './platform-process.ts';

const peerPackages = ['for-redis', 'for-tracing'];
const kinds = ['for-running', ...peerPackages, 'for-tests'];
const peerVariables = ['REDIS_URL', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'ZIPKIN_URL'];

/** The environment without the variables of `npm test`, by which npm would use this project, and of peer dependencies. */
const cleanEnv = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_|INIT_CWD$|NODE_ENV$)/.test(name) && !peerVariables.includes(name),
  ),
);

/** A project with the script that installs, and with packages of each kind, as files. */
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
    peerDependencies: { ...file('for-redis'), ...file('for-tracing') },
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

  it('does not grow because the version before needed a peer dependency in any case', () => {
    const hidden = join(project, 'node_modules/.package-lock.json');
    const before = readFileSync(hidden, 'utf8');
    const { packages } = JSON.parse(before);
    packages['node_modules/for-redis'] = { version: '1.0.0' };
    writeFileSync(hidden, JSON.stringify({ packages }));
    expect(start()).toMatchObject({ status: 0, installs: false });
    writeFileSync(hidden, before);
  });

  it('grows by the peer dependencies where a setting needs them, and below a running service nothing is removed', () => {
    const loadedLater = join(project, 'node_modules/for-running/loaded-later.js');
    writeFileSync(loadedLater, '');
    const lock = readFileSync(join(project, 'package-lock.json'), 'utf8');
    expect(start({ ZIPKIN_URL: '', REDIS_URL: '' })).toMatchObject({ installs: false });
    expect(start({ REDIS_URL: 'redis://localhost:6379' })).toMatchObject({ status: 0, installs: true });
    expect(listInstalled()).toEqual(['for-running', ...peerPackages]);
    for (const variable of peerVariables)
      expect(start({ [variable]: 'http://localhost:4318' }), variable).toMatchObject({ installs: false });
    expect(run(['--omit=dev', '--include=peer'])).toMatchObject({ installs: false });

    expect(run([])).toMatchObject({ status: 0, installs: true });
    expect(listInstalled()).toEqual(kinds);
    for (const args of [['--omit=dev'], ['--omit=dev', '--include=peer'], []])
      expect(run(args)).toMatchObject({ status: 0, installs: false });
    expect(existsSync(loadedLater)).toBe(true);
    expect(readFileSync(join(project, 'package-lock.json'), 'utf8')).toBe(lock);
  });

  it('does not disturb a running service: it answers, and loads further files of its packages', async () => {
    const packageFolder = join(project, 'node_modules/for-running');
    for (const name of ['first', 'second', 'third'])
      writeFileSync(join(packageFolder, `${name}.js`), `export default '${name}';`);
    for (const name of ['node_modules/for-tests', ...peerPackages.map((peer) => `node_modules/${peer}`)])
      rmSync(join(project, name), { recursive: true });
    const hidden = join(project, 'node_modules/.package-lock.json');
    const { packages } = JSON.parse(readFileSync(hidden, 'utf8'));
    writeFileSync(
      hidden,
      JSON.stringify({ packages: { 'node_modules/for-running': packages['node_modules/for-running'] } }),
    );
    const source = `import { createServer } from 'node:http';
      createServer(async (request, response) => {
        response.setHeader('Connection', 'close'); // A kept connection could end while this test waits for a command.
        response.end((await import('for-running' + request.url + '.js')).default);
      }).listen(0, '127.0.0.1', function () { console.log('port ' + this.address().port); });`;
    writeFileSync(join(project, 'service.mjs'), source);
    const service = startProgram(process.execPath, ['service.mjs'], {}, project);
    const [port] = await waitForOutput(service, /port (\d+)/);
    const ask = async (name: string) => (await fetch(`http://127.0.0.1:${port}/${name}`)).text();
    expect(await ask('first')).toBe('first');
    expect(start({ REDIS_URL: 'redis://localhost:6379' })).toMatchObject({ status: 0, installs: true });
    expect(await ask('second')).toBe('second');
    expect(run([])).toMatchObject({ status: 0, installs: true });
    expect(listInstalled()).toEqual(kinds);
    expect(await ask('third')).toBe('third');
    await service.end('SIGKILL');
  });

  it('is brought up to date with a changed lock file, and keeps the packages of tests and the peer dependencies', () => {
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

  it('npm start continues without the peer dependencies that a setting needs, and reports it', () => {
    for (const variable of peerVariables) {
      const { status, stderr } = start({ [variable]: 'http://localhost:4318' });
      expect(status, variable).toBe(0);
      expect(stderr).toContain('Continuing without the packages for tracing and REDIS_URL');
    }
    expect(listInstalled()).toEqual(onlyRunning);
  });

  it.each([[['--omit=dev', '--include=peer']], [[]]])('the lab and the tests end with an error: %j', (args) =>
    expect(run(args).status).not.toBe(0));
});
