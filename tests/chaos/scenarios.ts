import { ports } from '../stack/ports.ts';
import { emptyRecord, type SentCustomer } from './change-record.ts';
import { createCustomer, replaceCustomer } from './change-stream.ts';
import { contradictions, disagreements } from './consistency-check.ts';
import { type Fleet, type FleetMember, freshFleet, start } from './deployment.ts';
import { chance } from './random.ts';
import { allAcknowledged, readEverythingAgain, saysThatEventsAreMissing } from './repair.ts';
import { startSampling } from './sampling.ts';
import { copyStore } from './store-copies.ts';
import { holdWrites } from './write-proxy.ts';

export const customer = (connectionId: string, connectionMandate: SentCustomer['connectionMandate']): SentCustomer => ({
  firstName: 'First',
  lastName: 'Last',
  city: 'Delft',
  connectionId,
  connectionMandate,
});

/** Long enough for what goes well; what is wrong stays wrong. */
const agreeWithinSeconds = 20;
const wrongForSeconds = 3;

/**
 * A writer stands still between reading and writing, at the very first write of a key. Another one writes the key and a
 * later change of it; then the first wakes up. Once on Redis, once on MariaDB. Answers what is wrong afterwards.
 */
export const aWriterWakesUpLate = async (iotEnv: Record<string, string>): Promise<string[]> => {
  const held = await Promise.all([0, 2].map((late) => holdWrites(ports.iotPlatforms[late as 0 | 2].dapr)));
  const fleet = await freshFleet({
    groupEach: true,
    iotEnv: (instance) => ({
      ...iotEnv,
      ...(instance % 2 === 0 && { DAPR_HTTP_PORT: String(held[instance / 2]?.port) }),
    }),
  });
  const { crm, members } = fleet;
  const record = emptyRecord();
  const [late, others] = [members.filter((_, n) => n % 2 === 0), members.filter((_, n) => n % 2 === 1)];
  try {
    await Promise.all([crm, ...late].map(start));
    // At its first write a service finds out how its store creates a key: that is not the write to be caught.
    await createCustomer(crm.url, customer('1', '1'), record);
    await mustAgree(fleet, late, record);
    await Promise.all(others.map(start));
    await mustAgree(fleet, others, record);
    const sampling = startSampling(others, record.connections, chance(1));
    // The late one must have read before the others write, or it has nothing to write.
    for (const { app } of others) app.pause();
    const caught = held.map((writes) => writes.catchNext());
    const id = await createCustomer(crm.url, customer('2', '2'), record);
    await Promise.all(caught);
    for (const { app } of others) app.resume();
    await mustAgree(fleet, others, record);
    await replaceCustomer(crm.url, id, customer('2', '0'), record);
    await mustAgree(fleet, others, record);
    await Promise.all(held.map((writes) => writes.release()));
    const left = await disagreements({ crm: crm.url, members: others, record }, wrongForSeconds);
    await sampling.stop();
    return [...left, ...(await contradictions(record, sampling)), ...fleet.complaints];
  } finally {
    await fleet.end();
    for (const writes of held) writes.close();
  }
};

/** The CRM is killed as soon as it has answered a change, and started again. Answers what is wrong afterwards. */
export const killedAfterItsAnswer = async (crmEnv: Record<string, string>): Promise<string[]> => {
  const fleet = await freshFleet({ crmEnv });
  const { crm, members } = fleet;
  const member = members[0] as FleetMember;
  const record = emptyRecord();
  try {
    await Promise.all([crm, member].map(start));
    const id = await createCustomer(crm.url, customer('1', '2'), record);
    await mustAgree(fleet, [member], record);
    await replaceCustomer(crm.url, id, customer('1', '0'), record);
    await crm.app.end('SIGKILL');
    await crm.app.start();
    const agreement = { crm: crm.url, members: [member], record };
    const left = await disagreements(agreement, wrongForSeconds * 2);
    return [
      ...left,
      ...(await contradictions(record, { shown: new Map(), steppedBack: new Set() })),
      ...fleet.complaints,
    ];
  } finally {
    await fleet.end();
  }
};

/**
 * Redis is put back to an older copy of itself, while the group's offsets stay. What is said is mended. Answers what is
 * wrong afterwards.
 */
export const aStoreIsRestored = async (iotEnv: Record<string, string>): Promise<string[]> => {
  const fleet = await freshFleet({ iotEnv: () => iotEnv });
  const { crm, members } = fleet;
  const member = members[0] as FleetMember;
  const record = emptyRecord();
  try {
    await Promise.all([crm, member].map(start));
    const id = await createCustomer(crm.url, customer('1', '2'), record);
    await mustAgree(fleet, [member], record);
    const copy = await copyStore(member.view);
    await replaceCustomer(crm.url, id, customer('1', '0'), record);
    await mustAgree(fleet, [member], record);
    await allAcknowledged(member);
    await copy.restore();
    const isSaid = await saysThatEventsAreMissing(member);
    if (isSaid) await readEverythingAgain(member);
    const agreement = { crm: crm.url, members: [member], record };
    const left = await disagreements(agreement, isSaid ? agreeWithinSeconds : wrongForSeconds);
    return [
      ...left,
      ...(await contradictions(record, { shown: new Map(), steppedBack: new Set() })),
      ...fleet.complaints,
    ];
  } finally {
    await fleet.end();
  }
};

/** @throws Error when the beginning of a scenario already goes wrong */
export const mustAgree = async (
  { crm }: Pick<Fleet, 'crm'>,
  members: readonly FleetMember[],
  record: ReturnType<typeof emptyRecord>,
): Promise<void> => {
  const left = await disagreements({ crm: crm.url, members, record }, agreeWithinSeconds);
  if (left.length > 0) throw new Error(left.join('\n'));
};
