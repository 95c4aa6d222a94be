import { ErrorMessage } from '../../parts/error-message.tsx';
import { customerView } from '../../services/client.ts';
import { type Order, orderPath } from '../../services/orders.ts';
import { useLoaded } from '../../services/use-loaded.ts';

const waitMs = 5_000;

/** Waits until the customer-view has this version of the order, so that a clerk finds the own change in its lists. */
export const ViewOfOrder = ({ orderId, version }: { orderId: string; version: number }) => {
  const seen = useLoaded(`${orderId} ${version}`, async (signal) => {
    const path = `${orderPath(orderId)}?minVersion=${version}&waitMs=${waitMs}`;
    return (await customerView.call<Order>(path, { signal })).body.version;
  });
  if (seen.error) return <ErrorMessage error={seen.error} />;
  return (
    <p role="status" class="note">
      {seen.value !== undefined && seen.value >= version
        ? `The customer-view shows version ${seen.value}.`
        : `Waiting until the customer-view shows version ${version}…`}
    </p>
  );
};
