import type { MandateChanged } from '../../contracts/events/connection-mandate-changed/upcasters.ts';
import { type Mandate, permittedLevel } from '../../iot-platform/mandates/mandate.ts';
import { table } from '../../packages/cli/table.ts';
import {
  type Findings,
  nameOf,
  type RebuildContext,
  type RebuildOutcome,
} from '../../packages/projections/rebuild/index.ts';
import type { RebuildCommand } from './options.ts';

type Context = RebuildContext<MandateChanged, Mandate>;

const shownDifferences = 50;

export const sayPlan = (
  context: Context,
  { inPlace, fromCrm, crm }: RebuildCommand,
  { pointer, ranges, into, unfinished }: Findings,
) => {
  const events = ranges.reduce((sum, { begin, end }) => sum + end - begin, 0);
  const live = nameOf(context, pointer.answering);
  context.say(
    `${live[0]?.toUpperCase()}${live.slice(1)} answers now. The log holds ${events.toLocaleString('en')} events:`,
  );
  context.say(table(ranges.map(({ partition, begin, end }) => ({ partition, begin, end }))));
  if (unfinished) context.say(`An unfinished rebuild was found; it goes on.`);
  context.say(
    inPlace ? `${live} is emptied, and ${nameOf(context, into)} filled.` : `To be filled: ${nameOf(context, into)}.`,
  );
  if (fromCrm) context.say(`It gets the mandates of the CRM at ${crm}, and what the log gets from now on.`);
};

export const sayOutcome = (
  context: Context,
  { inPlace, into, fromCrm }: RebuildCommand,
  { switched, generation, back, differences, isCut, isOpen, setAside, seconds }: RebuildOutcome & { seconds: number },
) => {
  const { say } = context;
  const name = nameOf(context, generation);
  if (setAside > 0) say(`${setAside} records can never be applied: npm run dead-letters -- list shows them.`);
  if (differences.length > 0) {
    say(switched ? 'What the live view showed otherwise:' : `${name} differs, so the old view goes on answering:`);
    say(table(differences.slice(0, shownDifferences).map(asRow)));
    if (isCut || differences.length > shownDifferences)
      say(`… and more, ${isCut ? 'over ' : ''}${differences.length} in all.`);
  }
  const unknown = differences.filter(({ isUnknown, rebuilt }) => isUnknown && rebuilt === permittedLevel(undefined));
  if (fromCrm && unknown.length > 0)
    say(
      `${unknown.length}${isCut ? ' or more' : ''} of them are unknown to the CRM: they are not in the new view, and permit nothing there.`,
    );
  if (!switched && isOpen && differences.length === 0)
    return say(`${name} is compared again and again, and each time too much has changed: run again when less changes.`);
  if (!switched)
    return say(
      'Where the CRM is right, its change never reached the log: look at its outbox (/status), or save the customer again. ' +
        'Then run again, which only compares. To switch all the same: --accept-differences. To give it up: --abandon.' +
        (fromCrm ? '' : ' Where the log itself lost events or holds forged ones: --abandon, then --from-crm.'),
    );
  say(`${name} answers now, after ${seconds.toFixed(1)} s.`);
  if (into !== undefined)
    say(`To make ${into} the home of the view: STATESTORE_NAME=${into}, and restart the service.`);
  if (back && fromCrm)
    say(`${nameOf(context, back)} is kept, with what it lost or what was forged: --retire removes it.`);
  else if (back)
    say(`${nameOf(context, back)} is kept up to date as well: --switch-back returns to it, --retire removes it.`);
  else if (!inPlace)
    say('Nothing before it has all events, so there is nothing to switch back to: --retire removes it.');
};

const asRow = ({ key, source, isUnknown, rebuilt, live }: RebuildOutcome['differences'][number]) => ({
  connectionId: key,
  CRM: isUnknown ? 'unknown to the CRM' : (source ?? 'not asked'),
  rebuilt,
  live: live ?? 'none',
});
