import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { dataFolder } from '../platform-process.ts';
import { parseDockerfile, parseDockerignore } from './dockerfile.ts';
import { replayDockerfile } from './replay-dockerfile.ts';

const folderWith = (files: Record<string, string>) => {
  const folder = dataFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
};

it('copies the files of the Dockerfile without those of .dockerignore, and runs its commands', async () => {
  const context = folderWith({
    Dockerfile:
      '# a comment\nFROM node:20\nWORKDIR /app\nCOPY a.json b.json ./\nRUN ls > before\nCOPY src lib\nCOPY . .\nRUN mkdir data && chown node data && \\\n  touch data/made\nUSER node\n',
    '.dockerignore': 'node_modules\n.git\n',
    'a.json': '{}',
    'b.json': '{}',
    'src/main.ts': '1',
    'node_modules/zod/index.js': '1',
    'src/node_modules/kept.js': '1',
    '.git/HEAD': '1',
  });
  const image = dataFolder();
  const { workdir, skipped } = await replayDockerfile(context, image);
  expect(workdir).toBe(join(image, 'app'));
  expect(readFileSync(join(workdir, 'before'), 'utf8')).toBe('a.json\nb.json\nbefore\n');
  const copied = ['lib/main.ts', 'src/main.ts', 'src/node_modules/kept.js', 'data/made', 'Dockerfile'];
  expect(copied.filter((path) => !existsSync(join(workdir, path)))).toEqual([]);
  expect(['node_modules', '.git'].filter((path) => existsSync(join(workdir, path)))).toEqual([]);
  expect(skipped).toEqual(['chown node data', 'USER node']);
});

it('fails when a command fails, and when a file is missing', async () => {
  const files = { '.dockerignore': '', 'a.json': '{}' };
  const failing = folderWith({ ...files, Dockerfile: 'WORKDIR /app\nRUN test -f a.json && touch made' });
  await expect(replayDockerfile(failing, dataFolder())).rejects.toThrow('test -f a.json');
  const missing = folderWith({ ...files, Dockerfile: 'WORKDIR /app\nCOPY b.json ./' });
  await expect(replayDockerfile(missing, dataFolder())).rejects.toThrow('b.json');
});

it.each([
  'ENV A=1',
  'COPY --from=build a b',
  'COPY *.json ./',
  'ENTRYPOINT ["node"]',
  'run ls',
])('refuses the unsupported instruction %s', (line) =>
  expect(() => parseDockerfile(line)).toThrow(`not replayed: ${line}`));

it('refuses patterns in .dockerignore', () =>
  expect(() => parseDockerignore('docs\n*.md')).toThrow('not replayed: *.md'));
