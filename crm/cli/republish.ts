import { heldMandateSchema } from '../../contracts/mandates-page.ts';
import { reportFailure } from '../../packages/cli/report-failure.ts';
import { callService, describeRefusal, type ServiceResponse } from '../../packages/http/call-service.ts';
import { type RepublishArguments, readArguments } from './republish/arguments.ts';

const help = `Usage: npm run republish -- CONNECTION [--above R]
Makes the CRM publish the current mandate of a connection again, with a revision above its last one.

A view ignores every revision below the one that it has. If the CRM never issued that one (a forged event, or a CRM that was
restored from a backup or ran in memory), the view ignores the CRM until the CRM publishes above it. npm run explain --
CONNECTION shows that revision.

Options
  --above R  publishes above revision R as well
  --help     shows this text

Environment
  CRM_URL    the CRM (default: http://localhost:3005)

Examples
  npm run republish -- 7733 --above 1700000000000

Exit codes
  0  the mandate is published
  1  the CRM refused or does not answer; the message says what to do`;

const republish = async ({ crm, connectionId, above }: RepublishArguments): Promise<void> => {
  const service = { name: 'CRM', url: crm, remedy: 'start it, or set CRM_URL.' };
  const answer = await callService(service, `/mandates/${connectionId}/republication`, {
    method: 'POST',
    body: { above },
  });
  if (!answer.ok) throw new Error(refusal(crm, answer));
  const { connectionMandate, revision } = heldMandateSchema.parse(answer.body);
  console.log(`Mandate ${connectionMandate} of connection ${connectionId} is published with revision ${revision}.`);
};

const refusal = (crm: string, answer: ServiceResponse) =>
  answer.body.type === 'urn:problem:unknown-route'
    ? `The CRM at ${crm} is of an older release that cannot republish: update it.`
    : `The CRM at ${crm} answered ${answer.status}: ${describeRefusal(answer)}`;

const main = async () => {
  const args = readArguments(process.argv.slice(2), process.env);
  if (args) await republish(args);
  else console.log(help);
};

main().catch(reportFailure);
