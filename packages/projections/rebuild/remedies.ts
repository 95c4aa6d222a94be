import type { Rebuild } from '../generations/pointer.ts';

const abandonCommand = 'npm run rebuild -- --abandon';

/** Names a rebuild in a sentence: where its generation is, and whether it began with a snapshot. */
export const describeRebuild = ({ inPlace, into, snapshot }: Rebuild): string => {
  const where = inPlace ? 'in place' : into.store === undefined ? 'next to the live view' : `into ${into.store}`;
  return snapshot ? `${where} (--from-crm)` : where;
};

/** How to finish an unfinished rebuild or to give it up. `abandon` refuses a rebuild in place. */
export const describeNextCommands = (rebuild: Rebuild): string => {
  if (rebuild.phase === 'abandoned') return `Finish its removal: ${abandonCommand}.`;
  const finish = `Finish it: ${describeCommand(rebuild)}.`;
  return rebuild.inPlace
    ? `${finish} It cannot be given up, because the old view is deleted first.`
    : `${finish} Or give it up: ${abandonCommand}.`;
};

/** What to do about a rebuild that can never be completed. */
export const describeRestart = ({ inPlace }: Pick<Rebuild, 'inPlace'>): string =>
  inPlace
    ? 'A rebuild in place cannot be given up: set STATESTORE_NAME to an empty store, for the service and for this ' +
      'command, and run npm run rebuild -- --from-crm.'
    : `Give the rebuild up with ${abandonCommand}, and start again.`;

/** The command that continues the rebuild. */
const describeCommand = ({ inPlace, into, snapshot }: Rebuild): string => {
  const options = [
    ...(inPlace ? ['--in-place'] : []),
    ...(into.store === undefined ? [] : [`--into ${into.store}`]),
    ...(snapshot ? ['--from-crm'] : []),
  ];
  return ['npm run rebuild', ...(options.length > 0 ? ['--', ...options] : [])].join(' ');
};
