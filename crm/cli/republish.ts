import { heldMandateSchema } from '../../contracts/mandates-page.ts';
import { reportFailure } from '../../packages/cli/report-failure.ts';
import { callService, describeRefusal, type ServiceResponse } from '../../packages/http/call-service.ts';
import { type RepublishArguments, readArguments } from './republish/arguments.ts';

const help = `Has the CRM publish the current mandate of a connection again, under a higher revision.

  npm run republish -- CONNECTION             above the last revision of the CRM
  npm run republish -- CONNECTION --above R   above R as well

A view ignores every revision below the one that it holds. Where the CRM never gave that one (a forged event, a CRM that
was restored from a backup or lost its memory), the view ignores the CRM until it publishes above it. npm run explain --
CONNECTION shows which revision that is.

Options    --above R   --help
Variables  CRM_URL (http://localhost:3005)`;

const republish = async ({ crm, connectionId, above }: RepublishArguments): Promise<void> => {
  const service = { name: 'CRM', url: crm, remedy: 'start it, or set CRM_URL.' };
  const answer = await callService(service, `/mandates/${connectionId}/republication`, {
    method: 'POST',
    body: { above },
  });
  if (!answer.ok) throw new Error(refusal(crm, answer));
  const { connectionMandate, revision } = heldMandateSchema.parse(answer.body);
  console.log(`Mandate ${connectionMandate} of ${connectionId} is published under revision ${revision}.`);
};

const refusal = (crm: string, answer: ServiceResponse) =>
  answer.body.type === 'urn:problem:unknown-route'
    ? `The CRM at ${crm} is of a release that cannot republish: update it.`
    : `The CRM at ${crm} answers ${answer.status}: ${describeRefusal(answer)}`;

const main = async () => {
  const args = readArguments(process.argv.slice(2), process.env);
  if (args) await republish(args);
  else console.log(help);
};

main().catch(reportFailure);
