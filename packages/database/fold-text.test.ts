import { expect, it } from 'vitest';
import { foldText } from './fold-text.ts';

it.each([
  ['LÓPEZ', 'lopez'],
  ['Müller', 'muller'],
  ['Strauß', 'strauss'],
  ['Ångström', 'angstrom'],
  ['Sørensen', 'sorensen'],
  ['Łukasz', 'lukasz'],
  ["O'Brien", 'obrien'],
  ['d’Ancona', 'dancona'],
  ['Smit - de Vries', 'smit de vries'],
  ['López, Corinne', 'lopez corinne'],
  ['İpek', 'ipek'],
  ['ﬁnn', 'finn'],
  ['Ελένη', 'ελενη'],
  ['李', '李'],
  ['  de ', 'de '],
])('folds %j to %j', (text, folded) => expect(foldText(text)).toBe(folded));

it('folds composed and decomposed characters to the same text', () =>
  expect(foldText('é'.normalize('NFD'))).toBe(foldText('é'.normalize('NFC'))));
