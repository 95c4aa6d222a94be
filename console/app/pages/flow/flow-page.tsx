import { ErrorMessage } from '../../parts/error-message.tsx';
import { crm } from '../../services/client.ts';
import { useLoaded } from '../../services/use-loaded.ts';

type CrmStatus = { readonly outbox: { readonly waiting: number } };

/** Shows how a change of a mandate reaches the view. */
export const FlowPage = () => {
  const status = useLoaded('status', async (signal) => (await crm.call<CrmStatus>('/status', { signal })).body, {
    everyMs: 2_000,
  });
  return (
    <>
      <h1>Flow</h1>
      <ErrorMessage error={status.error} />
      {status.value && <p>{status.value.outbox.waiting} events wait to be published.</p>}
    </>
  );
};
