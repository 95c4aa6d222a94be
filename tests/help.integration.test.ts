import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { programWords, root, startProgram } from './platform-process.ts';

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
const commands = Object.entries(scripts).filter(([, line]) => /^node scripts\/run\.mjs .*\S+\.ts$/.test(line));
const sections = ['Commands', 'Parts', 'Options', 'Environment', 'Examples', 'Exit codes', 'Scenarios'];
const maxWidth = 140;

it('finds all commands', () => expect(commands.length).toBeGreaterThan(15));

it.each(commands)('npm run %s -- --help prints usage, one sentence, options and examples', async (name, line) => {
  const file = String(line.split(' ').at(-1));
  const command = startProgram(process.execPath, [...programWords(file), '--help'], {});
  expect(await command.ended).toBe(0);
  const [usage, sentence, ...lines] = command.output().trimEnd().split('\n');
  expect(usage).toMatch(new RegExp(`^Usage: npm (run )?${name}( |$)`));
  expect(sentence).toMatch(/^[A-Z][a-z]+s,? /);
  const headings = lines
    .filter((text, n) => /^[A-Z]/.test(text) && lines[n - 1] === '' && lines[n + 1]?.startsWith('  '))
    .map((text) => sections.find((section) => text.startsWith(section)) ?? text);
  expect(headings).toEqual(sections.filter((section) => headings.includes(section)));
  expect(headings).toEqual(expect.arrayContaining(['Options', 'Examples']));
  expect(lines.some((text) => /^ {2}--help +shows this text$/.test(text))).toBe(true);
  expect(lines.filter((text) => text.length > maxWidth)).toEqual([]);
});
