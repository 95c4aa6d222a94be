import { ErrorMessage } from '../../parts/error-message.tsx';
import { Known } from '../../parts/lag.tsx';
import { Time } from '../../parts/time.tsx';
import { customerView } from '../../services/client.ts';
import { address, setParameters } from '../../services/location.ts';
import { askForOperatorToken, operatorToken } from '../../services/operator-token.ts';
import { readInstances, readOutbox, views } from '../../services/status.ts';
import { useLoaded } from '../../services/use-loaded.ts';
import { Readiness } from './readiness.tsx';
import { ViewPanel } from './view-panel.tsx';

const everyMs = 2_000;

/** What runs, what is wrong, and what can be done about it. */
export const OperationsPage = () => {
  const name = address().searchParams.get('view');
  const chosen = views.find(({ view }) => view === name) ?? views[0];
  return (
    <>
      <h1>Operations</h1>
      {operatorToken.value === '' && (
        <p class="verdict">
          Without the operator token this page only reads.{' '}
          <button type="button" class="quiet" onClick={askForOperatorToken}>
            Enter the operator token
          </button>
        </p>
      )}
      <Readiness />
      <div class="columns">
        <Outbox />
        <InstanceList />
      </div>
      <label class="field">
        <span>View</span>
        <select value={chosen.view} onChange={({ currentTarget }) => setParameters({ view: currentTarget.value })}>
          {views.map(({ view, service }) => (
            <option key={view} value={view}>
              {view} ({service.name})
            </option>
          ))}
        </select>
      </label>
      <ViewPanel key={chosen.view} of={chosen} />
    </>
  );
};

const Outbox = () => {
  const { value, error } = useLoaded('outbox', readOutbox, { everyMs });
  return (
    <section class="panel" aria-labelledby="outbox">
      <h2 id="outbox">Outbox of the CRM</h2>
      <ErrorMessage error={error} />
      <p>
        <Known value={error ? null : value?.waiting} /> events wait to be published
        {value?.since && (
          <>
            , the oldest since <Time at={value.since} />
          </>
        )}
        .
      </p>
    </section>
  );
};

const InstanceList = () => {
  const { value, error } = useLoaded('instances', readInstances, { everyMs: 5_000 });
  return (
    <section class="panel" aria-labelledby="instances">
      <h2 id="instances">Instances of the {customerView.name}</h2>
      <ErrorMessage error={error} />
      <ul>
        {value?.instances.map(({ instanceId, url, startedAt }) => (
          <li key={instanceId}>
            <code>{url}</code>, started <Time at={new Date(startedAt).toISOString()} />
          </li>
        ))}
      </ul>
    </section>
  );
};
