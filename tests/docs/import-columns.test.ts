import { expect, it } from 'vitest';
import { synonyms } from '../../crm/imports/column-names.ts';
import { tableUnder } from './documents.ts';

it('docs/import.md lists the names of the columns that an import accepts', () =>
  expect(tableUnder('docs/import.md', 'Columns')).toEqual(
    Object.entries(synonyms).map(([field, names]) => [`\`${field}\``, names.join(', ')]),
  ));
