import type { ConnectionMandateData } from '../../../contracts/events/connection-mandate-changed/schema.ts';
import { evolve, type Mandate, permittedLevel, revisionOf } from '../mandate.ts';
import type { EventLine } from './events-of-connection.ts';
import type { CrmAnswer, SideAnswer } from './fetch-answers.ts';
import { explainUnissuedRevision } from './unissued-revision.ts';

export type SidesComparison = { agree: boolean; sentences: string[] };

/**
 * Compares the mandate according to the log, the CRM and the view. Each difference becomes a sentence with a next step.
 */
export const compareSides = (events: readonly EventLine[], crm: CrmAnswer, view: SideAnswer): SidesComparison => {
  const held = foldEvents(events);
  if (view.refusal !== undefined)
    return {
      agree: false,
      sentences: [
        `The view refuses: ${view.refusal}`,
        ...compareCrmWithLog(held, crm),
        ...explainUnissuedRevision(events, crm, view.revision),
      ],
    };
  const unissued = explainUnissuedRevision(events, crm, view.revision);
  const sentences = [
    ...unissued,
    ...(levelOf(crm) === levelOf(view) ? [] : [`The CRM has ${describeLevel(crm)}, the view ${describeLevel(view)}.`]),
    // A revision that the CRM never issued explains all other differences, and a rebuild from the log would not help.
    ...(unissued.length > 0 ? [] : compareWithLog(held, crm, view)),
  ];
  return sentences.length === 0
    ? { agree: true, sentences: ['Log, CRM and view agree.'] }
    : { agree: false, sentences };
};

const compareWithLog = (held: Mandate | undefined, crm: SideAnswer, view: SideAnswer): string[] => {
  // The log may have lost the events of this connection, for example before a rebuild from the CRM. View and CRM agree.
  if (!held && levelOf(crm) === levelOf(view)) return [];
  const log = permittedLevel(held);
  return [
    ...(view.revision !== undefined && held && view.revision < revisionOf(held)
      ? [`The view has revision ${view.revision}, the log ${revisionOf(held)}: its /status shows the lag.`]
      : []),
    ...(!held || levelOf(view) === log
      ? []
      : [`The log ends with ${log}, the view has ${describeLevel(view)}: npm run rebuild repairs it.`]),
    ...compareCrmWithLog(held, crm),
  ];
};

const compareCrmWithLog = (held: Mandate | undefined, crm: SideAnswer): string[] => {
  const log = permittedLevel(held);
  if (!held && levelOf(crm) !== log)
    return [
      'If the outbox of the CRM is empty (/status), the log has lost its events: npm run rebuild -- --from-crm repairs the view.',
    ];
  return levelOf(crm) === log
    ? []
    : [
        `The log ends with ${log}, the CRM has ${describeLevel(crm)}: its /status shows whether events wait in its outbox.`,
      ];
};

/** Folds the events with the rule of the view. */
const foldEvents = (events: readonly EventLine[]): Mandate | undefined =>
  events.reduce<Mandate | undefined>((held, { revision, level, time, partition, offset, replayOf }) => {
    if (revision === '') return held;
    const data = { connectionId: '', connectionMandate: level as ConnectionMandateData['connectionMandate'] };
    return evolve(held, { data, revision, time, place: replayOf ?? [partition, offset] });
  }, undefined);

const levelOf = ({ level }: SideAnswer) => level ?? '0';
const describeLevel = ({ level }: SideAnswer) => level ?? 'nothing (which permits as much as 0)';
