import type { MandateChanged } from '../../contracts/events/connection-mandate-changed/upcasters.ts';
import type { Mandate } from '../../iot-platform/mandates/mandate.ts';
import { mandates } from '../../iot-platform/mandates/materialise.ts';
import type { Projection } from '../../packages/projections/declaration.ts';
import type { Subscriber } from './run-case.ts';

/** A subscriber with one defect, and the theme whose vectors must find it. */
export type Mutation = { readonly subscriber: Subscriber; readonly foundBy: string };

type Evolve = Projection<MandateChanged, Mandate>['evolve'];

const withEvolve = (evolve: Evolve): Subscriber => ({ projection: { ...mandates, evolve } });

const replace = ({ data, revision, time, place }: MandateChanged): Mandate => ({
  ...data,
  revision,
  changedAt: time,
  ...(place && { at: place }),
});
/** The right rule, except for an event when the view shows another event. */
const amongEvents =
  (isReplaced: (held: Mandate, change: MandateChanged) => boolean): Evolve =>
  (held, change) => {
    if (!held || held.revision === 0 || change.revision === 0) return mandates.evolve(held, change);
    return isReplaced(held, change) ? replace(change) : held;
  };
const isHigher = (held: Mandate, { data }: MandateChanged) => data.connectionMandate > held.connectionMandate;

/** Defects of the rule that decides which record wins. */
export const ruleMutations: Record<string, Mutation> = {
  'the older revision wins': {
    subscriber: withEvolve(amongEvents((held, change) => change.revision < held.revision)),
    foundBy: 'reordering',
  },
  'the record that arrives last wins': {
    subscriber: withEvolve((_, change) => replace(change)),
    foundBy: 'duplicates',
  },
  'revisions are compared as text': {
    subscriber: withEvolve(amongEvents((held, change) => String(change.revision) > String(held.revision))),
    foundBy: 'reordering',
  },
  'a tie is broken upwards': {
    subscriber: withEvolve(
      amongEvents((held, change) =>
        change.revision === held.revision ? isHigher(held, change) : change.revision > held.revision,
      ),
    ),
    foundBy: 'equal-revisions',
  },
  'of one revision the first value stays': {
    subscriber: withEvolve(amongEvents((held, change) => change.revision > held.revision)),
    foundBy: 'equal-revisions',
  },
  'the highest mandate wins': { subscriber: withEvolve(amongEvents(isHigher)), foundBy: 'reordering' },
  'the time of the event decides': {
    subscriber: withEvolve(amongEvents((held, change) => change.time > held.changedAt)),
    foundBy: 'clocks',
  },
  'the timestamp decides between payloads': {
    subscriber: withEvolve((held, change) =>
      held?.revision === 0 && change.revision === 0 && change.time <= held.changedAt
        ? held
        : mandates.evolve(held, change),
    ),
    foundBy: 'clocks',
  },
  'a payload never replaces an event': {
    subscriber: withEvolve((held, change) =>
      held && held.revision > 0 && change.revision === 0 ? held : mandates.evolve(held, change),
    ),
    foundBy: 'reordering',
  },
  'only what is shown is kept': {
    subscriber: withEvolve((held, change) => {
      const { other: _, ...shown } = mandates.evolve(held, change);
      return shown;
    }),
    foundBy: 'reordering',
  },
  'a copy replaces its event': {
    subscriber: withEvolve(
      amongEvents((held, change) =>
        change.revision === held.revision ? !isHigher(held, change) : change.revision > held.revision,
      ),
    ),
    foundBy: 'poison',
  },
  'a copy in another partition does not count': {
    subscriber: withEvolve((held, change) =>
      held?.at?.[0] !== change.place?.[0] && held?.revision === change.revision
        ? (held as Mandate)
        : mandates.evolve(held, change),
    ),
    foundBy: 'poison',
  },
};
