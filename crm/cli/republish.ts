import { heldMandateSchema } from '../../contracts/mandates-page.ts';
import { reportFailure } from '../../packages/cli/report-failure.ts';
import { type RepublishArguments, readArguments } from './republish/arguments.ts';

const help = `Has the CRM publish the current mandate of a connection again, under a higher revision.

  npm run republish -- CONNECTION             above the last revision of the CRM
  npm run republish -- CONNECTION --above R   above R as well

A view ignores every revision below the one that it holds. Where the CRM never gave that one (a forged event, a CRM that
was restored from a backup or lost its memory), the view ignores the CRM until it publishes above it. npm run explain --
CONNECTION shows which revision that is.

Options    --above R   --help
Variables  CRM_URL (http://localhost:3005)`;

const answerWithinMs = 30_000;

const republish = async ({ crm, connectionId, above }: RepublishArguments): Promise<void> => {
  const response = await fetch(new URL(`/mandates/${connectionId}/republication`, crm), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ above }),
    signal: AbortSignal.timeout(answerWithinMs),
  }).catch(() => {
    throw new Error(`The CRM does not answer at ${crm}: start it, or set CRM_URL.`);
  });
  const body = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  if (!response.ok) throw new Error(refusal(crm, response.status, body));
  const { connectionMandate, revision } = heldMandateSchema.parse(body);
  console.log(`Mandate ${connectionMandate} of ${connectionId} is published under revision ${revision}.`);
};

const refusal = (crm: string, status: number, { type, detail, remedy }: Record<string, unknown>) => {
  if (type === 'urn:problem:unknown-route')
    return `The CRM at ${crm} is of a release that cannot republish: update it.`;
  return `The CRM at ${crm} answers ${status}: ${detail ?? 'nothing more'}${remedy ? ` ${remedy}` : ''}`;
};

const main = async () => {
  const asked = readArguments(process.argv.slice(2), process.env);
  if (asked) await republish(asked);
  else console.log(help);
};

main().catch(reportFailure);
