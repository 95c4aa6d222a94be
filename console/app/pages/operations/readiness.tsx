import { ErrorMessage } from '../../parts/error-message.tsx';
import { type Client, crm, customerView, iotPlatform } from '../../services/client.ts';
import { readReadiness } from '../../services/status.ts';
import { useLoaded } from '../../services/use-loaded.ts';

/** Whether each service has what it needs, with the reason where it has not. */
export const Readiness = () => (
  <div class="columns">
    {[crm, iotPlatform, customerView].map((service) => (
      <ServiceReadiness key={service.name} service={service} />
    ))}
  </div>
);

const ServiceReadiness = ({ service }: { service: Client }) => {
  const { value, error } = useLoaded(service.name, (signal) => readReadiness(service, signal), { everyMs: 2_000 });
  const isReady = !error && value?.isReady;
  return (
    <section class="panel" aria-label={service.name}>
      <h2>{service.name}</h2>
      <p role="status" class={isReady ? 'good' : 'warning'}>
        <strong>{error ? 'does not answer' : value ? (isReady ? 'ready' : 'not ready') : 'asking…'}</strong>
      </p>
      {error ? (
        <>
          <ErrorMessage error={error} />
          <p class="note">Start the service again. This page shows it as soon as it answers.</p>
        </>
      ) : (
        <dl>
          {Object.entries(value?.checks ?? {}).map(([check, result]) => [
            <dt key={check}>{check}</dt>,
            <dd key={`${check}=`} class={result === 'ok' ? 'good' : 'warning'}>
              {result}
            </dd>,
          ])}
        </dl>
      )}
    </section>
  );
};
