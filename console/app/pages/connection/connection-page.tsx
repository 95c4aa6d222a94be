import { useSignal } from '@preact/signals';
import { DeadLetters } from '../../parts/dead-letters.tsx';
import { ErrorMessage } from '../../parts/error-message.tsx';
import { MandateBadge } from '../../parts/mandate.tsx';
import { Time } from '../../parts/time.tsx';
import { nameOf } from '../../services/customers.ts';
import { views } from '../../services/status.ts';
import { useLoaded } from '../../services/use-loaded.ts';
import { useTail } from '../../tail/use-tail.ts';
import { ConnectionEvents } from './connection-events.tsx';
import { MandateAt } from './mandate-at.tsx';
import { readConnection, type Side } from './read-connection.ts';
import { decide } from './verdict.ts';

/** Everything that is known about one connection: its events, what each side answers, and whether they agree. */
export const ConnectionPage = ({ connectionId }: { connectionId: string }) => {
  const seen = useSignal(0);
  const loaded = useLoaded(`${connectionId} ${seen.value}`, (signal) => readConnection(connectionId, signal), {
    everyMs: 5_000,
  });
  const tail = useTail({ topic: 'connection-mandates-topic', key: connectionId }, () => {
    seen.value += 1;
  });
  const state = loaded.value;
  const verdict = state && decide(state);
  return (
    <>
      <h1>Connection {connectionId}</h1>
      <ErrorMessage error={loaded.error} />
      <p role="status" class={`verdict ${verdict?.kind ?? ''}`}>
        {verdict ? verdict.sentences.join(' ') : 'Comparing…'}
      </p>
      {state?.holder ? (
        <p>
          Held by{' '}
          <a href={`/console/customers/${encodeURIComponent(state.holder.customerId)}`}>
            customer {state.holder.customerId}, {nameOf(state.holder)}
          </a>
          .
        </p>
      ) : (
        state && <p class="note">No customer holds this connection now.</p>
      )}
      {state && (
        <>
          <div class="columns">
            <SidePanel title="CRM" side={state.inCrm} where={whereOf(state.explanation, 'CRM')} />
            <SidePanel title="IoT platform’s view" side={state.inView} where={whereOf(state.explanation, 'view')} />
          </div>
          <ConnectionEvents events={state.explanation?.events} records={tail.list.records} />
          {state.holder && (
            <MandateAt
              customerId={state.holder.customerId}
              connectionId={connectionId}
              revision={state.inCrm.mandate?.revision}
            />
          )}
        </>
      )}
      <section class="panel" aria-labelledby="dead">
        <h2 id="dead">Dead letters of this connection</h2>
        <DeadLetters of={views[0]} documentKey={connectionId} />
      </section>
    </>
  );
};

type Explained = Awaited<ReturnType<typeof readConnection>>['explanation'];
const whereOf = (explanation: Explained, side: string) => explanation?.sides.find((one) => one.side === side)?.where;

const SidePanel = ({ title, side, where }: { title: string; side: Side; where: string | undefined }) => (
  <section class="panel" aria-label={title}>
    <h2>{title}</h2>
    <ErrorMessage error={side.error} />
    {side.mandate ? (
      <>
        <p class="result">
          <MandateBadge mandate={side.mandate.connectionMandate} />
        </p>
        <p>
          Revision <span class="number">{side.mandate.revision}</span>, <Time at={side.mandate.changedAt} />
        </p>
      </>
    ) : (
      !side.error && <p class="note">It knows no mandate of this connection.</p>
    )}
    {where && <p class="note">{where}</p>}
  </section>
);
