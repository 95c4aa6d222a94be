import { ScrollBox } from '../../parts/scroll-box.tsx';
import { Time } from '../../parts/time.tsx';
import type { EndedRebuild, Mismatches, RebuildState, RunningRebuild } from '../../services/operations.ts';

/** How far a rebuild is. */
export const Running = ({ rebuild }: { rebuild: RunningRebuild }) => {
  const { into, from, phase, isActive, step, done, total, secondsLeft, startedAt } = rebuild;
  return (
    <>
      <p>
        Fills {into ? `generation ${into.number}` : 'a generation'}
        {into?.store && ` in ${into.store}`} from the {from === 'crm' ? 'CRM' : 'log'}, since <Time at={startedAt} />.
        Phase: <strong>{step ?? phase}</strong>.
      </p>
      {isActive ? (
        <>
          <progress
            aria-label="Progress of the rebuild"
            {...(done !== null && total ? { value: done, max: total } : {})}
          />
          <p class="note">
            {done !== null && total !== null
              ? `${done.toLocaleString()} of ${total.toLocaleString()}`
              : 'The amount is not known yet.'}
            {secondsLeft !== null && `, about ${secondsLeft.toLocaleString()} s left`}
          </p>
        </>
      ) : (
        <p class="warning">
          The service that answers does not work on it: another process does, or it was interrupted. If no process does,
          continue or abandon it.
        </p>
      )}
    </>
  );
};

/** The generations that are being removed. */
export const Retiring = ({ of: { generations, isActive } }: { of: NonNullable<RebuildState['retiring']> }) => (
  <p class={isActive ? 'note' : 'warning'}>
    {isActive ? 'Removing ' : 'The removal is unfinished. Remove again: '}
    {generations.map(({ number, store }) => `generation ${number}${store ? ` in ${store}` : ''}`).join(', ')}.
  </p>
);

/** How the last rebuild ended. */
export const Ended = ({ rebuild }: { rebuild: EndedRebuild }) => (
  <div role="status">
    <p>
      The last {rebuild.action === 'rebuild' ? 'rebuild' : 'removal'}: <strong>{rebuild.result}</strong>,{' '}
      <Time at={rebuild.endedAt} />
    </p>
    <p>{rebuild.detail}</p>
    {rebuild.mismatches && <MismatchTable mismatches={rebuild.mismatches} />}
  </div>
);

const MismatchTable = ({ mismatches: { count, first, isUndecided } }: { mismatches: Mismatches }) =>
  count === 0 ? (
    <p class="good">
      {isUndecided ? 'The comparison could not decide for every key.' : 'The comparison found no difference.'}
    </p>
  ) : (
    <ScrollBox label="Differences">
      <table>
        <caption>
          {count.toLocaleString()} differences{first.length < count && `, the first ${first.length}`}
        </caption>
        <thead>
          <tr>
            <th>Key</th>
            <th>Source</th>
            <th>Rebuilt</th>
            <th>View before</th>
          </tr>
        </thead>
        <tbody>
          {first.map(({ key, source, isUnknown, rebuilt, live }) => (
            <tr key={key}>
              <td>{key}</td>
              <td>{isUnknown ? <em class="unknown">unknown</em> : (source ?? 'none')}</td>
              <td>{rebuilt ?? 'none'}</td>
              <td>{live ?? 'none'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
