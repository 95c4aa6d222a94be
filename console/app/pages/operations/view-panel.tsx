import { DeadLetters } from '../../parts/dead-letters.tsx';
import { ErrorMessage } from '../../parts/error-message.tsx';
import { Known, PartitionTable } from '../../parts/lag.tsx';
import { readConsumerGroup } from '../../services/operations.ts';
import { readViewStatuses, type View } from '../../services/status.ts';
import { useLoaded } from '../../services/use-loaded.ts';
import { RebuildPanel } from './rebuild-panel.tsx';

/** One view: where it is, how far it is, and its operations. */
export const ViewPanel = ({ of }: { of: View }) => {
  const { service, view } = of;
  const status = useLoaded(view, async (signal) => (await readViewStatuses(service, signal))[view], { everyMs: 2_000 });
  const group = useLoaded(view, (signal) => readConsumerGroup(service, view, signal), { everyMs: 2_000 });
  return (
    <>
      <div class="columns">
        <section class="panel" aria-labelledby="view">
          <h2 id="view">View {view}</h2>
          <ErrorMessage error={status.error} />
          {status.value && (
            <dl>
              <dt>State</dt>
              <dd class={status.value.view.state === 'incomplete' ? 'warning' : undefined}>
                {status.value.view.state}
              </dd>
              <dt>Store that answers</dt>
              <dd>{status.value.view.generation?.store ?? status.value.store}</dd>
              <dt>Generation</dt>
              <dd>
                <Known value={status.value.view.generation?.number} />
              </dd>
              <dt>Lag</dt>
              <dd>
                <Known value={status.error ? null : status.value.lag} />
              </dd>
              <dt>Behind by</dt>
              <dd>
                <Known value={status.error ? null : status.value.freshnessSeconds} unit=" s" />
              </dd>
            </dl>
          )}
        </section>
        <section class="panel" aria-labelledby="group">
          <h2 id="group">Consumer group</h2>
          <ErrorMessage error={group.error} />
          {group.value && (
            <>
              <PartitionTable group={group.value} />
              <p class="note">
                {group.value.members
                  ? `${group.value.members.length} members: ${group.value.members.map(({ clientId }) => clientId).join(', ')}`
                  : 'The broker names no members.'}
              </p>
            </>
          )}
        </section>
      </div>
      <RebuildPanel of={of} />
      <section class="panel" aria-labelledby="dead">
        <h2 id="dead">Dead letters</h2>
        <DeadLetters of={of} />
      </section>
    </>
  );
};
