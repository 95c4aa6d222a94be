import { customerIdSchema } from '../../../contracts/customer-id.ts';
import { connectionIdSchema } from '../../../contracts/events/connection-mandate-changed/schema.ts';
import { serviceAddresses } from '../../../contracts/service-addresses.ts';
import { parseOptions } from '../../../packages/cli/options.ts';
import { type LocatedService, locateService } from '../../../packages/platform/locate-service.ts';

/** What to publish again: the mandate of one connection, one customer, or all customers. */
export type RepublishArguments = { readonly crm: LocatedService } & (
  | { readonly connectionId: string; readonly above: number | undefined }
  | { readonly customerId: string; readonly above: number | undefined }
  | { readonly allCustomers: true }
  | { readonly allMandates: true }
);

const options = {
  customer: { type: 'string' },
  'all-customers': { type: 'boolean', default: false },
  'all-mandates': { type: 'boolean', default: false },
  above: { type: 'string' },
  crm: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** @returns undefined for --help @throws Error that says what to do */
export const readArguments = (
  args: string[],
  env: Readonly<Record<string, string | undefined>>,
): RepublishArguments | undefined => {
  const { values, positionals } = parseOptions('npm run republish', { args, allowPositionals: true, options });
  if (values.help) return undefined;
  const { above: aboveText, customer: customerId } = values;
  if (aboveText !== undefined && !/^[0-9]{1,16}$/.test(aboveText))
    throw new Error(
      `--above ${aboveText || "''"} is not a revision: write the decimal digits that npm run explain shows.`,
    );
  const above = aboveText === undefined ? undefined : Number(aboveText);
  const crm = locateService(serviceAddresses.crm, env, { name: '--crm', value: values.crm });

  const [connectionId, ...more] = positionals;
  const all = [values['all-customers'], values['all-mandates']].map((isChosen) => isChosen || undefined);
  const chosen = [connectionId, customerId, ...all].filter((choice) => choice !== undefined);
  if (chosen.length !== 1 || more.length > 0 || (connectionId !== undefined && !isConnectionId(connectionId)))
    throw new Error(
      'Name one connection: npm run republish -- 7733 (1 to 64 characters of 0-9, A-Z and -); or use --customer N, --all-customers or --all-mandates.',
    );
  if (connectionId !== undefined) return { crm, connectionId, above };
  if (customerId === undefined) {
    if (above !== undefined) throw new Error('--above is for one connection or one customer.');
    return values['all-mandates'] ? { crm, allMandates: true } : { crm, allCustomers: true };
  }
  if (!customerIdSchema.safeParse(customerId).success)
    throw new Error(`--customer ${customerId || "''"} is not a customer number: npm run republish -- --customer 7.`);
  return { crm, customerId, above };
};

const isConnectionId = (text: string) => connectionIdSchema.safeParse(text).success;
