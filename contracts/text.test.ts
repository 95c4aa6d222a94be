import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { revealCharacters } from './refused-characters.ts';
import { lineOfText, textOf } from './text.ts';

const schema = lineOfText(100);
const reasonOf = (text: string) => schema.safeParse(text).error?.issues[0]?.message;

describe('a line of text', () => {
  it.each([
    ...['\u00a0', '\u1680', '\u2007', '\u202f', '\u205f', '\u3000', '\ufeff', '\u0085', '\u2028', '\t', '\r\n', '\v'],
    '\u0085 \ufeff\u0085\u00a0',
  ])('loses %j around it', (blank) => expect(schema.parse(`${blank}Eva${blank}`)).toBe('Eva'));

  it('is stored in its composed form', () => expect(schema.parse('Zoe\u0308')).toBe('Zoë'));

  it('has up to 100 characters after this', () => {
    expect(schema.parse(` ${'e\u0308'.repeat(100)} `)).toBe('ë'.repeat(100));
    expect(reasonOf('ë'.repeat(101))).toContain('1 to 100 characters');
  });

  it.each([
    ['Persian', 'علی\u200cرضا'],
    ['Sinhala', 'ශ\u0dca\u200dරී'],
    ['Hindi', 'क\u094d\u200dष'],
    ['Malayalam, at the end of a word', 'രാജന\u0d4d\u200d'],
    ['Japanese with a variant', '葛\u{e0100}城'],
    ['Arabic with a number sign', 'آیه \u06dd'],
    ['a family of emoji', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}'],
    ['a rainbow flag', '\u{1f3f3}\ufe0f\u200d\u{1f308}'],
    ['a keycap', '1\ufe0f\u20e3'],
    ['Braille with a blank', '⠚⠁⠝\u2800⠧⠕⠎'],
    ['a letter that this version of Unicode may not have', '\u{323b0}'],
    ['a curly apostrophe', 'O’Brien'],
  ])('may be %s', (_, text) => expect(schema.parse(text)).toBe(text));

  it.each([
    ['\u200b', 'U+200B ZERO WIDTH SPACE'],
    ['\u2060\u2060', 'U+2060 WORD JOINER'],
    ['\u00ad', 'U+00AD SOFT HYPHEN'],
    ['\u115f', 'U+115F HANGUL CHOSEONG FILLER'],
    ['\u3164', 'U+3164 HANGUL FILLER'],
    ['\uffa0', 'U+FFA0 HALFWIDTH HANGUL FILLER'],
    ['\u2800', 'U+2800 BRAILLE PATTERN BLANK'],
    ['\u0301', 'U+0301 COMBINING MARK'],
    ['\u200d', 'U+200D ZERO WIDTH JOINER'],
    ['\u202eJan', 'U+202E RIGHT-TO-LEFT OVERRIDE'],
    ['Jan\u202c', 'U+202C POP DIRECTIONAL FORMATTING'],
    ['\u2066Jan\u2069', 'U+2066 LEFT-TO-RIGHT ISOLATE'],
    ['\u200fJan', 'U+200F RIGHT-TO-LEFT MARK'],
    ['J\u061can', 'U+061C ARABIC LETTER MARK'],
    ['J\ufeffan', 'U+FEFF ZERO WIDTH NO-BREAK SPACE'],
    ['Jo\u200chn', 'U+200C ZERO WIDTH NON-JOINER'],
    ['علی\u200c', 'U+200C ZERO WIDTH NON-JOINER'],
    ['a\ufe0f', 'U+FE0F VARIATION SELECTOR'],
    ['Jan\u{e0041}', 'U+E0041 TAG CHARACTER'],
    ['a\u2028b', 'U+2028 LINE SEPARATOR'],
    ['a\u0000b', 'U+0000 NULL'],
    ['a\tb', 'U+0009 TAB'],
    ['a\u0001b', 'U+0001 CONTROL CHARACTER'],
    ['a\ud800b', 'U+D800 HALF OF A SURROGATE PAIR'],
    ['a\ue000', 'U+E000 PRIVATE USE CHARACTER'],
    ['a\uffff', 'U+FFFF NONCHARACTER'],
    ['Ri\ufffda', 'U+FFFD REPLACEMENT CHARACTER'],
    ['Jan\u2800', 'U+2800 BRAILLE PATTERN BLANK'],
    ['a\u2065', 'U+2065 INVISIBLE CHARACTER'],
  ])('may not be %j, and the reason names %s', (text, character) =>
    expect(reasonOf(text)).toContain(`characters; it contains ${character}`));

  it('stays the same when it is sent again', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
        const { success, data = '' } = schema.safeParse(text);
        return !success || schema.parse(data) === data;
      }),
    ));
});

it.each([
  ['\u202eJan\u001b[2J', '<U+202E>Jan<U+001B>[2J'],
  ['علی\u200cرضا', 'علی\u200cرضا'],
  ['Ri\ufffda', 'Ri<U+FFFD>a'],
])('a message shows %j without characters that are invisible or change the terminal', (text, shown) =>
  expect(revealCharacters(text)).toBe(shown));

it('a text of an event has no half of a surrogate pair, which no database stores', () => {
  expect(textOf(5).safeParse('a\ud800').error?.issues[0]?.message).toContain('surrogate');
  expect(textOf(5).parse('\u200b\u{1f468}')).toBe('\u200b\u{1f468}');
});
