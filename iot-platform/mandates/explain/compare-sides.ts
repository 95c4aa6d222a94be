import type { ConnectionMandateData } from '../../../contracts/events/connection-mandate-changed/schema.ts';
import { evolve, type Mandate, permittedLevel, revisionOf } from '../mandate.ts';
import type { EventLine } from './events-of-connection.ts';
import type { CrmAnswer, SideAnswer } from './fetch-answers.ts';
import { explainUnissuedRevision } from './unissued-revision.ts';

export type SidesComparison = { agree: boolean; sentences: string[] };

/** Compares what the events make of the mandate, the CRM and the view; each difference is a sentence with a next step. */
export const compareSides = (events: readonly EventLine[], crm: CrmAnswer, view: SideAnswer): SidesComparison => {
  const held = foldEvents(events);
  if (view.refusal !== undefined)
    return {
      agree: false,
      sentences: [
        `The view refuses: ${view.refusal}`,
        ...crmFromLog(held, crm),
        ...explainUnissuedRevision(events, crm, view.revision),
      ],
    };
  const beyond = explainUnissuedRevision(events, crm, view.revision);
  const sentences = [
    ...beyond,
    ...(permits(crm) === permits(view) ? [] : [`The CRM says ${words(crm)}, the view ${words(view)}.`]),
    // A revision that the CRM never gave explains all other differences, and a rebuild from the log would not help.
    ...(beyond.length > 0 ? [] : differencesFromLog(held, crm, view)),
  ];
  return sentences.length === 0
    ? { agree: true, sentences: ['Log, CRM and view agree.'] }
    : { agree: false, sentences };
};

const differencesFromLog = (held: Mandate | undefined, crm: SideAnswer, view: SideAnswer): string[] => {
  // As after a rebuild from the CRM: that the log no longer reaches back is no contradiction.
  if (!held && permits(crm) === permits(view)) return [];
  const log = permittedLevel(held);
  return [
    ...(view.revision !== undefined && held && view.revision < revisionOf(held)
      ? [`The view has revision ${view.revision}, the log ${revisionOf(held)}: its /status tells the lag.`]
      : []),
    ...(!held || permits(view) === log
      ? []
      : [`The log ends with ${log}, the view says ${words(view)}: npm run rebuild.`]),
    ...crmFromLog(held, crm),
  ];
};

const crmFromLog = (held: Mandate | undefined, crm: SideAnswer): string[] => {
  const log = permittedLevel(held);
  if (!held && permits(crm) !== log)
    return [
      'Where the outbox of the CRM is empty (/status), the log has lost its events: npm run rebuild -- --from-crm.',
    ];
  return permits(crm) === log
    ? []
    : [`The log ends with ${log}, the CRM says ${words(crm)}: its /status tells whether its outbox waits.`];
};

/** What a view makes of the events, by its own rule. */
const foldEvents = (events: readonly EventLine[]): Mandate | undefined =>
  events.reduce<Mandate | undefined>((held, { revision, level, time, partition, offset, replayOf }) => {
    if (revision === '') return held;
    const data = { connectionId: '', connectionMandate: level as ConnectionMandateData['connectionMandate'] };
    return evolve(held, { data, revision, time, place: replayOf ?? [partition, offset] });
  }, undefined);

const permits = ({ level }: SideAnswer) => level ?? '0';
const words = ({ level }: SideAnswer) => level ?? 'nothing (which permits as much as 0)';
