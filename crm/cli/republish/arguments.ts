import { parseArgs } from 'node:util';
import { connectionIdSchema } from '../../../contracts/events/connection-mandate-changed/schema.ts';

export type RepublishArguments = {
  readonly connectionId: string;
  readonly above: number | undefined;
  readonly crm: string;
};

/** @returns undefined for --help @throws Error that says what to do */
export const readArguments = (
  args: string[],
  env: Readonly<Record<string, string | undefined>>,
): RepublishArguments | undefined => {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { above: { type: 'string' }, help: { type: 'boolean', short: 'h', default: false } },
  });
  if (values.help) return undefined;
  const [connectionId, ...more] = positionals;
  if (connectionId === undefined || !connectionIdSchema.safeParse(connectionId).success || more.length > 0)
    throw new Error('Name one connection: npm run republish -- 7733 (1 to 64 characters of 0-9, A-Z and -).');
  const { above } = values;
  if (above !== undefined && !/^[0-9]{1,16}$/.test(above))
    throw new Error(`--above ${above || "''"} is not a revision: write the decimal digits that npm run explain shows.`);
  const crm = env.CRM_URL || 'http://localhost:3005';
  if (!URL.canParse(crm)) throw new Error(`CRM_URL ${crm} is not a URL: write it as http://localhost:3005.`);
  return { connectionId, above: above === undefined ? undefined : Number(above), crm };
};
