import type { MandateChanged } from '../../contracts/events/connection-mandate-changed/upcasters.ts';
import { RebuildRefused, type Snapshot } from '../../packages/projections/rebuild/index.ts';
import { throttledPages } from '../../packages/projections/throttled-log.ts';
import { checkCrm, crmSnapshot, isDurable } from './crm-source.ts';
import { type RebuildCommand, usualCrm } from './options.ts';

/** The mandates of the CRM, to begin with. @throws RebuildRefused when the CRM does not keep its revisions */
export const snapshotOf = async ({ crm, fullSpeed, inPlace }: RebuildCommand): Promise<Snapshot<MandateChanged>> => {
  if (crm === undefined) throw new RebuildRefused('--from-crm needs the CRM.');
  if (!(await isDurable(crm)))
    throw new RebuildRefused(
      `The CRM at ${crm} keeps its customers in memory: its revisions began anew with its last start, so a view cannot be built ` +
        'from it. CRM_DATABASE_URL gives it a database that stays.',
    );
  const snapshot = crmSnapshot(crm);
  if (fullSpeed || inPlace) return snapshot;
  return { ...snapshot, pages: (after) => throttledPages(snapshot.pages(after)) };
};

/** What to do where the log no longer reaches back to its beginning; undefined where nothing can be done. */
export const remedyForShortLog = async ({ crm, into, inPlace }: RebuildCommand): Promise<string | undefined> => {
  if (crm === undefined) return undefined;
  if (!(await isDurable(crm)))
    return `The CRM at ${crm} keeps its customers in memory, so it cannot fill a view either.`;
  const options = [
    ...(inPlace ? ['--in-place'] : []),
    ...(into === undefined ? [] : ['--into', into]),
    ...(crm === usualCrm ? [] : ['--crm', crm]),
  ];
  return `Begin with the mandates of the CRM instead: npm run rebuild -- ${['--from-crm', ...options].join(' ')}`;
};

/** Names the keys that the log has forgotten, where the CRM can be asked; they stay in the store otherwise. */
export const knownKeys = async (
  { crm }: RebuildCommand,
  say: (line: string) => void,
): Promise<Snapshot<MandateChanged> | undefined> => {
  if (crm === undefined) return undefined;
  try {
    await checkCrm(crm);
    return crmSnapshot(crm);
  } catch (error) {
    if (!(error instanceof RebuildRefused)) throw error;
    say('The CRM cannot be asked for connections, so only keys that the log still has are removed.');
    return undefined;
  }
};
