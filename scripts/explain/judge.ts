import type { MandateChanged } from '../../contracts/parse-connection-mandate.ts';
import { evolve, type Mandate, revisionOf } from '../../iot-platform/mandates/mandate.ts';
import { beyondCrm } from './beyond-crm.ts';
import type { EventLine } from './events-of-connection.ts';

/**
 * What one side says of a connection; `level` is undefined where it knows no mandate, which permits nothing. `refusal`:
 * why it answers nobody.
 */
export type Said = { level: string | undefined; revision?: number | undefined; where: string; refusal?: string };

/**
 * `isUnknown`: the CRM never gave the connection a revision. `isDurable`: whether it keeps its revisions over a restart. All
 * three are absent where the CRM is of a release that does not say them.
 */
export type SaidByCrm = Said & {
  readonly connectionId?: string;
  readonly isUnknown?: boolean;
  readonly isDurable?: boolean;
};

export type Verdict = { agree: boolean; sentences: string[] };

/** Compares the last event that can be applied, the CRM and the view; each difference is a sentence with a next step. */
export const judge = (events: readonly EventLine[], crm: SaidByCrm, view: Said): Verdict => {
  const last = lastApplicable(events);
  if (view.refusal !== undefined)
    return {
      agree: false,
      sentences: [
        `The view answers nobody: ${view.refusal}`,
        ...crmFromLog(last, crm),
        ...beyondCrm(events, crm, view.revision),
      ],
    };
  const sentences = [
    ...beyondCrm(events, crm, view.revision),
    ...(permits(crm) === permits(view) ? [] : [`The CRM says ${words(crm)}, the view ${words(view)}.`]),
    ...differencesFromLog(last, crm, view),
  ];
  return sentences.length === 0
    ? { agree: true, sentences: ['Log, CRM and view agree.'] }
    : { agree: false, sentences };
};

const differencesFromLog = (last: Last | undefined, crm: Said, view: Said): string[] => {
  const log = last?.level ?? '0';
  return [
    ...(view.revision !== undefined && last && view.revision < last.revision
      ? [`The view has revision ${view.revision}, the log ${last.revision}: its /status tells the lag.`]
      : []),
    ...(permits(view) === log ? [] : [`The log ends with ${log}, the view says ${words(view)}: npm run rebuild.`]),
    ...crmFromLog(last, crm),
  ];
};

const crmFromLog = (last: Last | undefined, crm: Said): string[] => {
  const log = last?.level ?? '0';
  return permits(crm) === log
    ? []
    : [`The log ends with ${log}, the CRM says ${words(crm)}: its /status tells whether its outbox waits.`];
};

/** What the view shows once it has all of them, for it is the rule of the view that decides. */
const lastApplicable = (events: readonly EventLine[]): Last | undefined => {
  const changes = events.flatMap(({ revision, level, time, partition, offset }): MandateChanged[] =>
    revision === ''
      ? []
      : [{ data: { connectionId: '', connectionMandate: level as Level }, revision, time, place: [partition, offset] }],
  );
  const shown = changes.reduce<Mandate | undefined>(evolve, undefined);
  return shown && { level: shown.connectionMandate, revision: revisionOf(shown) };
};

type Last = { readonly level: string; readonly revision: number };
type Level = MandateChanged['data']['connectionMandate'];

const permits = ({ level }: Said) => level ?? '0';
const words = ({ level }: Said) => level ?? 'nothing (which permits as much as 0)';
