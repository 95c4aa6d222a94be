import { heldMandateSchema } from '../../contracts/mandates-page.ts';
import { runMain } from '../../packages/cli/run-main.ts';
import {
  type CalledService,
  callService,
  describeRefusal,
  type ServiceResponse,
} from '../../packages/http/call-service.ts';
import { republishedCustomerSchema } from '../customers/index.ts';
import { readArguments } from './republish/arguments.ts';
import { listConnectionIds, listCustomerIds } from './republish/list-ids.ts';

const help = `Usage: npm run republish -- CONNECTION [--above R] | --customer N [--above R] | --all-customers | --all-mandates
Makes the CRM publish the current mandate of a connection, or the last state of customers, again with a higher revision.

A view ignores every revision below the one that it has. If the CRM never issued that one (a forged event, or a CRM that was
restored from a backup or ran in memory), the view ignores the CRM until the CRM publishes above it. npm run explain --
CONNECTION shows that revision. The last state of a customer replaces a record on customers-topic that is wrong or cannot be read.

Options
  --customer N     publishes customer N: the record, or that it was deleted or erased
  --all-customers  publishes all customers, for example after a change to a broker that can compact topics
  --all-mandates   publishes the mandate of every connection, for example after a change of MANDATES_ENCODING
  --above R        publishes above revision R as well
  --crm URL        the CRM (default: CRM_URL, else the running one: docs/configuration.md)
  --help           shows this text

Environment
  CRM_URL          the CRM (default: the one that runs on DATA_DIR, else http://localhost:3005)

Examples
  npm run republish -- 7733 --above 1700000000000
  npm run republish -- --customer 7

Exit codes
  0  everything is published
  1  the CRM refused or does not answer; the message says what to do`;

const republishMandate = async (crm: CalledService, connectionId: string, above: number | undefined) => {
  const body = await requestRepublication(crm, `/mandates/${connectionId}/republication`, above);
  const { connectionMandate, revision } = heldMandateSchema.parse(body);
  console.log(`Mandate ${connectionMandate} of connection ${connectionId} is published with revision ${revision}.`);
};

const texts = {
  record: 'The record of customer',
  deleted: 'The deletion of customer',
  erased: 'The erasure of customer',
};

const republishCustomer = async (crm: CalledService, customerId: string, above?: number) => {
  const body = await requestRepublication(crm, `/customers/${customerId}/republication`, above);
  const { state, revision } = republishedCustomerSchema.parse(body);
  return `${texts[state]} ${customerId} is published${revision === null ? '' : ` with revision ${revision}`}.`;
};

const republishAllMandates = async (crm: CalledService) => {
  let published = 0;
  for await (const connectionIds of listConnectionIds(crm)) {
    for (const connectionId of connectionIds)
      await requestRepublication(crm, `/mandates/${connectionId}/republication`, undefined);
    published += connectionIds.length;
    if (process.stderr.isTTY) process.stderr.write(`\r${published} mandates`);
  }
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  console.log(`${published} mandates are published.`);
};

const republishAllCustomers = async (crm: CalledService) => {
  let published = 0;
  for await (const customerIds of listCustomerIds(crm)) {
    for (const customerId of customerIds) await republishCustomer(crm, customerId);
    published += customerIds.length;
    if (process.stderr.isTTY) process.stderr.write(`\r${published} customers`);
  }
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  console.log(`${published} customers are published.`);
};

const requestRepublication = async (crm: CalledService, path: string, above: number | undefined) => {
  const answer = await callService(crm, path, { method: 'POST', body: { above } });
  if (!answer.ok) throw new Error(refusal(crm, answer));
  return answer.body;
};

const refusal = ({ url }: CalledService, answer: ServiceResponse) =>
  answer.body.type === 'urn:problem:unknown-route'
    ? `The CRM at ${url} is of an older release that cannot republish: update it.`
    : `The CRM at ${url} answered ${answer.status}: ${describeRefusal(answer)}`;

const main = async () => {
  const args = readArguments(process.argv.slice(2), process.env);
  if (!args) return console.log(help);
  if ('allMandates' in args) return republishAllMandates(args.crm);
  if ('allCustomers' in args) return republishAllCustomers(args.crm);
  if ('connectionId' in args) return republishMandate(args.crm, args.connectionId, args.above);
  console.log(await republishCustomer(args.crm, args.customerId, args.above));
};

await runMain(main);
