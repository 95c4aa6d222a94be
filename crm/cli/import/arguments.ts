import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { serviceAddresses } from '../../../contracts/service-addresses.ts';
import { parseOptions } from '../../../packages/cli/options.ts';
import { encodingNames, findEncoding } from '../../../packages/csv/encoding.ts';
import type { CalledService } from '../../../packages/http/call-service.ts';
import { locateService } from '../../../packages/platform/locate-service.ts';
import { resolveTypedPath } from '../../../packages/runtime/project-folder.ts';
import { columnChoices, conflictPolicies, type ImportOptions } from '../../imports/index.ts';

export type ImportArguments = {
  readonly file: string;
  readonly options: ImportOptions;
  readonly refusedFile: string;
  /** Undefined with --direct. */
  readonly crm: CalledService | undefined;
};

/** The id of an import to remove. */
export type DeleteArguments = { readonly deleteImport: string } & Pick<ImportArguments, 'crm'>;

/** @returns undefined for --help @throws Error that says what to do */
export const readArguments = (
  args: string[],
  env: Readonly<Record<string, string | undefined>>,
): ImportArguments | DeleteArguments | undefined => {
  const { values, positionals } = parseOptions('npm run import', {
    args,
    allowPositionals: true,
    options: {
      'dry-run': { type: 'boolean', default: false },
      'on-conflict': { type: 'string', default: 'skip' },
      encoding: { type: 'string' },
      column: { type: 'string', multiple: true },
      refused: { type: 'string' },
      crm: { type: 'string' },
      direct: { type: 'boolean', default: false },
      delete: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const crm = values.direct
    ? undefined
    : locateService(serviceAddresses.crm, env, { name: '--crm', value: values.crm });
  if (values.delete !== undefined) {
    if (positionals.length > 0) throw new Error('--delete takes the id of an import and no file.');
    return { deleteImport: values.delete, crm };
  }
  const [typed, ...more] = positionals;
  if (!typed || more.length > 0)
    throw new Error('Name one file to import: npm run import -- FILE (--help shows all options).');
  const file = resolveTypedPath(typed, env);
  checkReadable(file);
  const onConflict = conflictPolicies.find((policy) => policy === values['on-conflict']);
  if (!onConflict) throw new Error(`--on-conflict must be one of ${conflictPolicies.join(', ')}.`);
  const refusedFile = values.refused ? resolveTypedPath(values.refused, env) : `${file}.refused.csv`;
  if (resolve(refusedFile) === resolve(file))
    throw new Error(`--refused ${refusedFile} is the file to import: name another file for the refused rows.`);
  const encoding = parseEncoding(values.encoding);
  const columns = parseColumns(values.column);
  const options = { dryRun: values['dry-run'], onConflict, ...(encoding && { encoding }), ...(columns && { columns }) };
  return { file, options, refusedFile, crm };
};

const parseColumns = (sent: string[] | undefined) => {
  const { data, error } = columnChoices.safeParse(sent);
  if (error) throw new Error(`--column must be ${error.issues[0]?.message}.`);
  return data.length > 0 ? data : undefined;
};

const checkReadable = (file: string) => {
  if (!existsSync(file)) throw new Error(`There is no file ${file}.`);
  if (statSync(file).isDirectory()) throw new Error(`${file} is a folder: name one CSV file in it.`);
  try {
    accessSync(file, constants.R_OK);
  } catch {
    throw new Error(`You may not read ${file}: run chmod u+r ${file}, or ask its owner.`);
  }
};

const parseEncoding = (name: string | undefined) => {
  const encoding = name === undefined ? undefined : findEncoding(name);
  if (name !== undefined && !encoding)
    throw new Error(`--encoding ${name} must be one of ${encodingNames.join(', ')}.`);
  return encoding;
};
