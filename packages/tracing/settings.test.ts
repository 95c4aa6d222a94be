import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tracingVariables } from './settings.ts';

const read = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');

it.each(Object.keys(tracingVariables))('%s is documented, and .env.example has an example', (variable) => {
  expect(read('docs/tracing.md')).toContain(`\`${variable}\``);
  expect(read('.env.example')).toMatch(new RegExp(`^# ${variable}=`, 'm'));
});
