import { describe, expect, it } from 'vitest';
import { chooseNames, parseOptions, readNumber } from './options.ts';

const options = {
  crm: { type: 'string' },
  'dry-run': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  group: { type: 'string', short: 'g' },
} as const;
const parse = (args: string[], allowPositionals = true) =>
  parseOptions('npm run x', { args, options, allowPositionals });

describe('the arguments of a command', () => {
  it('are options and words', () => {
    const { values, positionals } = parse(['a', '--crm', 'http://localhost:1', '--dry-run']);
    expect([values.crm, values['dry-run'], positionals]).toEqual(['http://localhost:1', true, ['a']]);
  });

  it.each([
    [['--fast'], 'There is no option --fast'],
    [['--fast=1'], 'There is no option --fast'],
    [['-f'], 'There is no option -f'],
    [['--crm'], '--crm needs a value'],
    [['--crm', '--dry-run'], '--crm needs a value'],
    [['-g'], '--group needs a value'],
    [['-g', '-h'], '-g needs a value'],
    [['--dry-run=yes'], '--dry-run takes no value'],
    [['-h=1'], 'There is no option -='],
  ])('that the command does not have are refused in one sentence: %j', (args, problem) =>
    expect(() => parse(args)).toThrow(new Error(`${problem}: npm run x -- --help shows what npm run x accepts.`)));

  it.each(['word', "it's a. word", 'two\nlines'])('that are a word too many are refused: %j', (word) =>
    expect(() => parse([word], false)).toThrow(
      new Error(`There is no argument ${word}: npm run x -- --help shows what npm run x accepts.`),
    ));
});

describe('a number', () => {
  it('is a whole number in its range', () => expect(readNumber('--rows', '1000000', 1)).toBe(1_000_000));

  it.each(['0', '-1', '1.5', '1e3', 'nonsense', '', '11'])('is refused: %j', (text) =>
    expect(() => readNumber('--rows', text, 1, 10)).toThrow(
      `--rows must be a whole number from 1 to 10, not ${text || "''"}.`,
    ));
});

describe('names', () => {
  const known = ['import', 'export', 'GET /'] as const;

  it('are all of them, or the chosen ones in their order', () => {
    expect(chooseNames('--only', undefined, known, '|')).toEqual(known);
    expect(chooseNames('--only', 'GET /|import', known, '|')).toEqual(['import', 'GET /']);
  });

  it.each(['nonsense', 'import|nonsense', '', 'Import'])('that do not exist are refused: %j', (text) =>
    expect(() => chooseNames('--only', text, known, '|')).toThrow(
      /^--only has no .*Choose from: import\|export\|GET \/\.$/,
    ));
});
