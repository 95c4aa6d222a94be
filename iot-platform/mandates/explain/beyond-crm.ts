import { maxRepublishedRevision } from '../../../contracts/mandates-page.ts';
import type { SaidByCrm } from './ask-services.ts';
import type { EventLine } from './events-of-connection.ts';

/**
 * A revision that the CRM never gave hides every change below it from the view. Says where the highest of them is and what
 * to do about it; nothing where there is none, or where the CRM does not say its revisions.
 */
export const beyondCrm = (events: readonly EventLine[], crm: SaidByCrm, inView: number | undefined): string[] => {
  const { connectionId, revision: own, isUnknown, isDurable } = crm;
  if (connectionId === undefined || (own === undefined && !isUnknown)) return [];
  const inLog = events.flatMap(({ revision }) => (revision === '' ? [] : [revision]));
  const highest = Math.max(inView ?? -1, ...inLog);
  // Payloads without a revision have 0, which hides nothing.
  if (highest <= (own ?? 0)) return [];
  const place = events.find(({ revision }) => revision === highest);
  const where = place ? `in partition ${place.partition} at offset ${place.offset}` : 'in the view, not in the log';
  const sentence = isUnknown
    ? `The CRM never gave ${connectionId} a revision, and ${highest} is ${where}.`
    : `Revision ${highest}, ${where}, is beyond the last one of the CRM, ${own}: the view ignores every change below it.`;
  return [`${sentence} ${remedyFor(highest, crm)}${isDurable === false ? ` ${inMemory}` : ''}`];
};

const remedyFor = (highest: number, { connectionId, isUnknown, isDurable }: SaidByCrm) => {
  const rebuild = 'npm run rebuild -- --from-crm builds a view without it';
  if (isUnknown) return isDurable === false ? 'Register its customer again, or leave it.' : `${rebuild}.`;
  if (highest >= maxRepublishedRevision) return `${rebuild}; nothing can be published above it.`;
  const republish = `npm run republish -- ${connectionId} --above ${highest} publishes above it`;
  return isDurable === false ? `${republish}.` : `${republish}, or ${rebuild}.`;
};

const inMemory =
  'The CRM keeps its data in memory: usually it has forgotten this at a restart, or its clock was set back since.';
