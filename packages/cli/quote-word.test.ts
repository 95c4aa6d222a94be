import { expect, it } from 'vitest';
import { quoteWord } from './quote-word.ts';

it.each([
  ['.data', '.data'],
  ['/srv/my data', "'/srv/my data'"],
  ["it's", "'it'\\''s'"],
  ['~/data', "'~/data'"],
  ['', "''"],
])('a word of a command is typed as %j', (word, typed) => expect(quoteWord(word)).toBe(typed));
