import { maxRepublishedRevision } from '../../../contracts/mandates-page.ts';
import type { EventLine } from './events-of-connection.ts';
import type { CrmAnswer } from './fetch-answers.ts';

/**
 * A revision that the CRM never issued makes the view ignore every change with a lower revision. Explains where the highest
 * such revision is and what to do about it; empty when there is none, or when the CRM does not report its revisions.
 */
export const explainUnissuedRevision = (
  events: readonly EventLine[],
  crm: CrmAnswer,
  inView: number | undefined,
): string[] => {
  const { connectionId, revision: lastOfCrm, isUnknown, isDurable } = crm;
  if (connectionId === undefined || (lastOfCrm === undefined && !isUnknown)) return [];
  const inLog = events.flatMap(({ revision }) => (revision === '' ? [] : [revision]));
  const highest = Math.max(inView ?? -1, ...inLog);
  // Payloads without a revision have revision 0, which hides nothing.
  if (highest <= (lastOfCrm ?? 0)) return [];
  const place = events.find(({ revision }) => revision === highest);
  const where = place ? `in partition ${place.partition} at offset ${place.offset}` : 'in the view, not in the log';
  const sentence = isUnknown
    ? `The CRM has never issued a revision for ${connectionId}, but revision ${highest} is ${where}.`
    : `Revision ${highest}, ${where}, is higher than the last one of the CRM, ${lastOfCrm}: the view ignores every change below it.`;
  return [`${sentence} ${describeRemedy(highest, crm)}${isDurable === false ? ` ${inMemory}` : ''}`];
};

const describeRemedy = (highest: number, { connectionId, isUnknown, isDurable }: CrmAnswer) => {
  const rebuild = 'npm run rebuild -- --from-crm builds a view without it';
  if (isUnknown)
    return isDurable === false ? 'Save its customer again in the CRM, or leave it as it is.' : `${rebuild}.`;
  if (highest >= maxRepublishedRevision) return `${rebuild}; nothing can be published above it.`;
  const republish = `npm run republish -- ${connectionId} --above ${highest} publishes above it`;
  return isDurable === false ? `${republish}.` : `${republish}, or ${rebuild}.`;
};

const inMemory =
  'The CRM keeps its data in memory: most likely it lost this revision in a restart, or its clock was set back since.';
