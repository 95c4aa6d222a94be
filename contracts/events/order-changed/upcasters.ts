import {
  createEventReader,
  type EventContract,
  fromCurrentVersion,
  type ReadEvent,
  validate,
} from '../../read-event.ts';
import { topics } from '../../topics.ts';
import {
  type OrderChangedEvent,
  type OrderState,
  orderChangedSchema,
  orderChangedType,
  orderIdSchema,
} from './schema.ts';

/** A change of one order, parsed from any version of the event. */
export type OrderChanged = ReadEvent<OrderState>;

const fromVersion1 = (event: OrderChangedEvent): OrderChanged => {
  const { sequence, data } = event;
  if (Number(sequence) !== data.version) throw new Error(`sequence ${sequence} is not data.version ${data.version}`);
  return fromCurrentVersion(event, 'orderId');
};

const orderChanged: EventContract<OrderState> = {
  upcasters: {
    [orderChangedType]: (event) => fromVersion1(validate(orderChangedSchema, event)),
  },
  subject: { field: 'orderId', schema: orderIdSchema },
};

/** Parses the events of orders-topic. */
export const { parse: parseOrderChange, findSubjectOfUnreadable: findOrderOfUnreadable } = createEventReader(
  topics.orders.codec,
  orderChanged,
);
