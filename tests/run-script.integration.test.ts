import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { dataFolder, programWords, root, startProgram } from './platform-process.ts';

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

/** The environment without the variables of `npm test`, by which npm would use this project. */
const cleanEnv = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD$)/.test(name)));
const run = (cwd: string, program: string, args: readonly string[], env: Record<string, string> = {}) => {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, env: { ...cleanEnv, ...env }, encoding: 'utf8' });
  return { status, stdout, stderr };
};

/** A copy of this project without packages, as after git clone. */
const clone = (): string => {
  const folder = dataFolder();
  const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const file of tracked.toString().trim().split('\n')) {
    if (!existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
  return folder;
};

/** The packages, without the cache of compiled programs. */
const readInstalled = (folder: string) => readdirSync(join(folder, 'node_modules')).filter((name) => name !== '.cache');

/** Gives the clone all packages, as links. */
const installAll = (folder: string) => {
  const packages = join(folder, 'node_modules');
  mkdirSync(packages);
  for (const name of readInstalled(root)) symlinkSync(join(root, 'node_modules', name), join(packages, name));
};

/** Gives the clone all packages but one that a release after the installation needs. */
const installAllButOne = (folder: string) => {
  installAll(folder);
  const installed = join(folder, 'node_modules/.package-lock.json');
  const text = readFileSync(installed, 'utf8');
  execFileSync('rm', [installed]);
  writeFileSync(installed, text.replace('"node_modules/kysely"', '"node_modules/removed"'));
  return installed;
};

let project: string;
beforeAll(() => {
  project = clone();
});

describe('every npm script', () => {
  it('is started by run.mjs, which checks Node and the packages', () => {
    for (const [name, line] of Object.entries(scripts)) expect(line, name).toMatch(/^node scripts\/run\.mjs /);
  });

  it.each(['16.20.2', '18.20.8', '20.18.3'])('reports that Node %s is too old in one sentence', (version) => {
    const asVersion = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
    const preload = ['--import', `data:text/javascript,${encodeURIComponent(asVersion)}`];
    for (const file of ['scripts/run.mjs', 'scripts/install.mjs'])
      expect(run(project, process.execPath, [...preload, file, 'scripts/start.ts'])).toEqual({
        status: 1,
        stdout: '',
        stderr: `Node ${version} is too old for this project: install Node 20.19 or newer.\n`,
      });
  });
});

describe('--help', () => {
  it('says on a fresh clone that npm ci comes first, and installs nothing', () => {
    for (const name of ['start', 'status', 'test', 'lint', 'format', 'bench'])
      expect(run(project, 'npm', ['run', '-s', name, '--', '--help']), name).toEqual({
        status: 1,
        stdout: '',
        stderr: 'The packages of this command are not installed: run npm ci first.\n',
      });
    expect(existsSync(join(project, 'node_modules'))).toBe(false);
  });

  it('is printed with an incomplete installation, which it leaves as it is', () => {
    const installed = installAllButOne(project);
    const before = readFileSync(installed, 'utf8');
    const names = readInstalled(project);
    for (const name of ['start', 'status', 'import', 'test', 'lint', 'check', 'lab'])
      for (const help of ['--help', '-h'])
        expect(run(project, 'npm', ['run', '-s', name, '--', help]), `${name} ${help}`).toMatchObject({
          status: 0,
          stdout: expect.stringMatching(/^Usage: npm /),
          stderr: '',
        });
    expect(readFileSync(installed, 'utf8')).toBe(before);
    expect(readInstalled(project)).toEqual(names);
  });
});

it('a command runs what was changed since the last one, and shows the error of a file that cannot be compiled', () => {
  const folder = clone();
  installAll(folder);
  const file = join(folder, 'scripts/backup.ts');
  const source = readFileSync(file, 'utf8');
  const help = () => run(folder, process.execPath, ['scripts/run.mjs', 'scripts/backup.ts', '--help']);
  expect(help().stdout).toMatch(/^Usage: npm run backup/);
  writeFileSync(file, source.replace('Usage: npm run backup', 'Usage: changed'));
  expect(help().stdout).toMatch(/^Usage: changed/);
  writeFileSync(file, `${source}\nconst = 1;`);
  expect(help()).toMatchObject({ status: 1, stderr: expect.stringContaining('backup.ts') });
  const other = run(folder, process.execPath, ['scripts/run.mjs', 'scripts/status.ts', '--no-such-option']);
  expect(other.stderr).toMatch(/^Nothing is compiled, because of scripts\/backup\.ts:\d+: .*\n.*--no-such-option/);
  writeFileSync(file, source);
  expect(help().stdout).toMatch(/^Usage: npm run backup/);
});

describe('a path that is typed as an argument', () => {
  const env = { CRM_DATABASE_URL: '', DATA_DIR: '' };
  const importHere = ['import', '--', 'customer-database.csv', '--direct', '--dry-run'];
  it.each([
    ['npm run', 'npm', ['run', '-s', ...importHere]],
    ['npm --prefix', 'npm', ['--prefix', '..', 'run', '-s', ...importHere]],
    ['node', process.execPath, ['--import', 'tsx', '../crm/cli/import.ts', ...importHere.slice(2)]],
  ])('is relative to the folder of the user, and variables to that of the project: %s', (_, program, args) => {
    const folder = dataFolder();
    const database = { ...env, CRM_DATABASE_URL: `sqlite:.data/typed-path-${process.pid}.sqlite`, TMPDIR: folder };
    const { status, stdout, stderr } = run(join(root, 'data'), program, args, database);
    expect(stdout + stderr).toContain('Dry run, nothing is changed: 8 created');
    expect(status).toBe(0);
    expect(existsSync(join(root, 'data/.data'))).toBe(false);
    for (const suffix of ['', '-wal', '-shm'])
      execFileSync('rm', ['-f', join(root, `.data/typed-path-${process.pid}.sqlite${suffix}`)]);
  });
});

describe('an argument that a command does not have', () => {
  const commands = Object.entries(scripts).filter(
    ([name, line]) => line.endsWith('.ts') && !/^(test|lint|check)$/.test(name),
  );
  it.each(commands)('is refused by npm run %s in one line', (_, line) => {
    const file = String(line.split(' ').at(-1));
    const { status, stdout, stderr } = run(root, process.execPath, [...programWords(file), '--no-such-option']);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^[^\n]*--no-such-option[^\n]* -- --help[^\n]*\n$/);
  });
});

it('npm test ends quietly with exit code 1 when the reader of its output is gone', async () => {
  const line = `{ node --import tsx scripts/test.ts --help; echo "exit code $?" >&2; } | true`;
  const command = startProgram('sh', ['-c', line], {});
  await command.ended;
  expect(command.output()).toBe('exit code 1\n');
});
