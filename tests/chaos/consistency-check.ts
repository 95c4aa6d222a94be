import { topics } from '../../contracts/topics.ts';
import { waitUntil } from '../../scripts/stack/wait-until.ts';
import { getJson } from '../http.ts';
import { endOffsets, recordsOf } from '../stack/fresh.ts';
import { type ChangeRecord, mandatesOf, revisionsOf, type SentCustomer } from './change-record.ts';
import type { Sampled, Sampling } from './sampling.ts';

export type Agreement = { crm: string; members: readonly Sampled[]; record: ChangeRecord };

/** So many are named; that there are more is said. */
const named = 5;

/**
 * Waits until CRM, views and answers agree and all say that they are ready; answers what does not after so many seconds.
 */
export const disagreements = async (agreement: Agreement, seconds: number): Promise<string[]> => {
  let left: string[] = [];
  await waitUntil(seconds, async () => {
    left = await compared(agreement).catch((error: Error) => [error.message]);
    return left.length === 0;
  });
  return left;
};

const compared = async ({ crm, members, record }: Agreement): Promise<string[]> => [
  ...(await ofCrm(crm, record)),
  ...(await Promise.all(members.map((member) => ofView(member, record)))).flat(),
  ...(await Promise.all([{ name: 'CRM', url: crm }, ...members].map(notReady))).flat(),
];

const ofCrm = async (crm: string, { customers }: ChangeRecord): Promise<string[]> => {
  const { body } = (await getJson(`${crm}/`)) as { body: Record<string, SentCustomer> };
  const { body: status } = (await getJson(`${crm}/status`)) as { body: { outbox?: { waiting: number } } };
  const differing = [...customers].filter(
    ([id, sent]) =>
      body[id]?.connectionId !== sent.connectionId ||
      body[id]?.connectionMandate !== sent.connectionMandate ||
      body[id]?.city !== sent.city,
  );
  return [
    ...some(differing.map(([id, sent]) => `CRM lost of customer ${id}: ${JSON.stringify(sent)}`)),
    ...some(
      Object.keys(body)
        .filter((id) => !customers.has(id))
        .map((id) => `CRM has customer ${id} whom nobody sent`),
    ),
    ...(status.outbox?.waiting === 0 ? [] : [`CRM’s outbox holds ${status.outbox?.waiting} events`]),
  ];
};

const ofView = async ({ name, url }: Sampled, record: ChangeRecord): Promise<string[]> => {
  const [mandates, revisions] = [mandatesOf(record), revisionsOf(record)];
  const differing: string[] = [];
  for (const [connectionId, wanted] of mandates) {
    const { status, body } = await getJson(`${url}/mandates/${connectionId}`);
    const shown = `${status === 200 ? `${body.connectionMandate} under revision ${body.revision}` : status}`;
    const promised = revisions.get(connectionId) ?? 0;
    if (status !== 200 || body.connectionMandate !== wanted || Number(body.revision) < promised)
      differing.push(`${name} shows ${shown} of ${connectionId}, not ${wanted} under revision ${promised} or later`);
  }
  return some(differing);
};

const notReady = async ({ name, url }: { name: string; url: string }): Promise<string[]> => {
  const { status, body } = await getJson(`${url}/readyz`);
  return status === 200 ? [] : [`${name} is not ready: ${JSON.stringify(body.checks)}`];
};

/**
 * What the log and the samples have against the answers: a change that was answered and is not in the log, a value that
 * was shown and never published, a view that went back, a record that was set aside.
 */
export const contradictions = async (
  { promised, complaints }: ChangeRecord,
  { shown, steppedBack }: Pick<Sampling, 'shown' | 'steppedBack'>,
): Promise<string[]> => {
  const published = new Set<string>();
  for (const { value } of await recordsOf(topics.connectionMandates.name)) {
    const { data, sequence } = JSON.parse(value);
    published.add(`${data.connectionId} ${Number(sequence)} ${data.connectionMandate}`);
  }
  const lost = promised
    .map(({ connectionId, revision, connectionMandate }) => `${connectionId} ${revision} ${connectionMandate}`)
    .filter((change) => !published.has(change));
  const dead = await endOffsets(topics.connectionMandatesDeadLetters.name);
  return [
    ...complaints,
    ...some(lost.map((change) => `answered, but not in the log: ${change}`)),
    ...some(
      [...shown.keys()]
        .filter((change) => !published.has(change))
        .map((change) => `shown, but never published: ${change}`),
    ),
    ...some([...steppedBack]),
    ...(dead === 0 ? [] : [`${dead} records were set aside`]),
  ];
};

const some = (lines: readonly string[]): string[] =>
  lines.length > named ? [...lines.slice(0, named), `… and ${lines.length - named} more`] : [...lines];
