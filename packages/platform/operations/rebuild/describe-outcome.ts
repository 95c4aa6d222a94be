import {
  describeGeneration,
  type RebuildContext,
  RebuildInProgress,
  type RebuildOutcome,
  RebuildRefused,
} from '../../../projections/rebuild/index.ts';
import { DomainError } from '../../../runtime/domain-error.ts';
import { nameViewIn } from '../../maintenance/index.ts';
import type { RegisteredView } from '../../views.ts';
import { describeError } from '../context.ts';
import type { EndedJob, ShownMismatches } from './show-rebuild.ts';

export type Result = Omit<EndedJob, 'action' | 'startedAt' | 'endedAt'>;

const shownMismatches = 20;
export const nothingCompared = { generation: null, setAside: null, mismatches: null } as const;

/** The result of a rebuild as an operator sees it. */
export const describeOutcome = (
  context: RebuildContext<unknown, object>,
  { switched, generation, setAside, differences, isTruncated, isUndecided }: RebuildOutcome,
): Result => {
  const name = describeGeneration(context, generation);
  const first = differences
    .slice(0, shownMismatches)
    .map(({ key, source = null, isUnknown = false, rebuilt, live = null }) => ({
      ...{ key, source, isUnknown, rebuilt, live },
    }));
  const mismatches: ShownMismatches = { count: differences.length, isTruncated, isUndecided, first };
  const detail = switched
    ? `${name} answers now.`
    : isUndecided && differences.length === 0
      ? `${name} changed too fast to be compared. Start the rebuild again when fewer events arrive.`
      : `${name} differs, so the old view keeps answering. Start the rebuild again to compare again, accept the differences, or give it up.`;
  return { result: switched ? 'switched' : 'differs', generation, setAside, mismatches, detail };
};

export const remedy = 'GET /operations/rebuild shows its progress';

/** The error of a job as a problem. */
export const toDomainError = (error: unknown, view: RegisteredView): unknown => {
  const detail = nameViewIn(describeError(error), view);
  if (error instanceof RebuildInProgress) return new DomainError('rebuild-in-progress', detail, { remedy });
  if (error instanceof RebuildRefused) return new DomainError('rebuild-refused', detail);
  return error instanceof DomainError ? error : new DomainError('rebuild-failed', detail, { cause: error });
};
