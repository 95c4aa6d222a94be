import { z } from 'zod';
import { type CustomerData, customerFieldNames, readText } from '../customers/index.ts';

/** A field of a customer that a column of a file can contain. */
export type Field = keyof CustomerData | 'customerId';

export const fields: readonly Field[] = ['customerId', ...customerFieldNames];

/** The column that we add to the file of refused rows, and ignore when that file is imported. */
export const reasonColumn = 'reason';

/** Other names of the fields in Dutch, German and English. docs/import.md lists them. */
export const synonyms: Readonly<Record<Field, readonly string[]>> = {
  customerId: ['klantnummer', 'klantnr', 'klant-id', 'Kundennummer', 'Kundennr', 'Kunden-ID', 'customer number'],
  firstName: ['voornaam', 'Vorname', 'given name', 'forename'],
  lastName: ['achternaam', 'familienaam', 'Nachname', 'Familienname', 'surname', 'family name'],
  city: ['plaats', 'woonplaats', 'Ort', 'Wohnort', 'Stadt', 'town'],
  connectionId: ['aansluiting', 'EAN', 'EAN-code', 'Anschluss', 'Zählpunkt', 'Zaehlpunkt', 'connection'],
  connectionMandate: ['mandaat', 'Mandat', 'mandate'],
  email: ['e-mailadres', 'E-Mail-Adresse', 'e-mail address', 'mail'],
  phone: ['telefoon', 'telefoonnummer', 'Telefon', 'Telefonnummer', 'telephone', 'phone number'],
};

/** Names are compared without case, accents, white space, hyphens, dots and underscores. */
export const foldName = (name: string): string =>
  name
    .normalize('NFKD')
    .replaceAll(/[\s\p{M}\p{Pd}_.]/gu, '')
    .toLowerCase()
    .replaceAll('ß', 'ss');

/** Which field a column contains, as chosen by the caller. */
export type ColumnChoice = { readonly column: string; readonly field: Field };

const expected = `COLUMN=FIELD, such as klantnummer=customerId, with one of the fields ${fields.join(', ')}`;
const choice = z
  .string(expected)
  .max(200, expected)
  .regex(/^[\s\S]+=[^=]+$/, { error: expected, abort: true })
  .transform((text, context): ColumnChoice => {
    const at = text.lastIndexOf('=');
    const column = readText(text.slice(0, at));
    const field = fields.find((known) => foldName(known) === foldName(text.slice(at + 1)));
    if (field && foldName(column) !== '' && column !== reasonColumn) return { column, field };
    context.addIssue(column === reasonColumn ? `another name than ${reasonColumn}, which refused rows have` : expected);
    return z.NEVER;
  });

const isDistinct = (texts: readonly string[]) => new Set(texts).size === texts.length;

/** The choices of a caller: one, several, or none. */
export const columnChoices = z.preprocess(
  (sent) => (sent === undefined ? [] : [sent].flat()),
  z
    .array(choice)
    .max(fields.length, `at most ${fields.length} columns`)
    .refine((all) => isDistinct(all.map(({ field }) => field)), 'each field for one column only')
    .refine((all) => isDistinct(all.map(({ column }) => foldName(column))), 'each column for one field only'),
);
