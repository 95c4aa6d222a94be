import { useState } from 'preact/hooks';
import { ConfirmButton } from '../../parts/confirm.tsx';
import { Field } from '../../parts/field.tsx';
import { Form } from '../../parts/form.tsx';
import { crm } from '../../services/client.ts';
import { createIdempotencyKeys } from '../../services/idempotency-keys.ts';
import { type Order, orderPath, type Status } from '../../services/orders.ts';
import { Problem } from '../../services/problem.ts';
import { useAction } from '../../services/use-action.ts';

type Move = {
  readonly command: string;
  readonly label: string;
  readonly effect: string;
  readonly isDangerous?: boolean;
};

/** The commands that an order allows in a status; docs/orders.md has the same table. */
const moves: Readonly<Partial<Record<Status, readonly Move[]>>> = {
  pending: [
    { command: 'ship', label: 'Ship', effect: 'The order becomes shipped. It can then only be delivered.' },
    {
      command: 'cancel',
      label: 'Cancel the order',
      effect: 'The order becomes cancelled, which is final.',
      isDangerous: true,
    },
    { command: 'reject', label: 'Reject', effect: 'The order becomes rejected, which is final.', isDangerous: true },
  ],
  shipped: [{ command: 'deliver', label: 'Deliver', effect: 'The order becomes delivered, which is final.' }],
};

/** What can be done with an order now. A command for a version that is no longer current is refused. */
export const OrderActions = ({
  order,
  onChanged,
  onOutdated,
}: {
  order: Order;
  onChanged: (order: Order) => void;
  onOutdated: () => void;
}) => {
  const [keyOf] = useState(createIdempotencyKeys);
  const send = async (method: string, path: string, body?: object) => {
    const headers = { 'If-Match': `"${order.version}"`, 'Idempotency-Key': keyOf({ method, path, body }) };
    try {
      const answer = await crm.call<Order>(path, { method, headers, ...(body && { body }) });
      onChanged(answer.body);
    } catch (error) {
      if (error instanceof Problem && error.status === 412) onOutdated();
      throw error;
    }
  };
  const possible = moves[order.status] ?? [];
  return (
    <section class="panel" aria-label="What can be done">
      <h2>What can be done</h2>
      {possible.length === 0 && <p>Nothing: {order.status} is final.</p>}
      {order.status === 'pending' && (
        <ChangeOrder order={order} onSave={(body) => send('PATCH', orderPath(order.orderId), body)} />
      )}
      <div class="actions">
        {possible.map(({ command, label, effect, isDangerous }) => (
          <ConfirmButton
            key={command}
            label={label}
            question={`${label}?`}
            isDangerous={isDangerous ?? false}
            onConfirm={() => send('POST', `${orderPath(order.orderId)}/${command}`)}
          >
            <p>{effect} It cannot be undone.</p>
          </ConfirmButton>
        ))}
      </div>
    </section>
  );
};

const ChangeOrder = ({ order, onSave }: { order: Order; onSave: (body: object) => Promise<void> }) => {
  const [quantity, setQuantity] = useState(String(order.quantity));
  const [date, setDate] = useState(order.expectedDeliveryDate);
  const saving = useAction();
  const problem = saving.error instanceof Problem ? saving.error : undefined;
  const isChanged = quantity !== String(order.quantity) || date !== order.expectedDeliveryDate;
  return (
    <Form
      label="Change the order"
      error={saving.error}
      onSubmit={() =>
        void saving.run(() =>
          onSave({ quantity: quantity === '' ? null : Number(quantity), expectedDeliveryDate: date }),
        )
      }
    >
      <div class="fields">
        <Field
          label="Quantity"
          name="quantity"
          type="number"
          value={quantity}
          error={problem?.expected('quantity')}
          onChange={setQuantity}
        />
        <Field
          label="Expected delivery"
          name="expectedDeliveryDate"
          type="date"
          value={date}
          error={problem?.expected('expectedDeliveryDate')}
          onChange={setDate}
        />
      </div>
      <div class="actions">
        <button type="submit" disabled={saving.isRunning || !isChanged}>
          Change
        </button>
      </div>
    </Form>
  );
};
