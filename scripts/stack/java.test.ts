import { expect, it } from 'vitest';
import { describeMissingJava, parseJavaVersion } from './java.ts';

it.each([
  ['openjdk version "17.0.15" 2025-04-15', 17],
  ['openjdk version "25" 2025-09-16 LTS', 25],
  ['java version "1.8.0_292"', 8],
  ['Error: could not find libjava.so', undefined],
])('reads the version of Java from %j', (output, version) => expect(parseJavaVersion(output)).toBe(version));

it('says which Java there is, and which is needed', () => {
  expect(describeMissingJava(21, [{ path: '/usr/bin/java', version: 17 }])).toBe(
    'There is only Java 17 (/usr/bin/java): install Java 21 or later, and put it on PATH or set JAVA_HOME.',
  );
  expect(describeMissingJava(21, [])).toMatch(/^There is no Java: install Java 21/);
});
