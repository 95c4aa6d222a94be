import { createHash } from 'node:crypto';

const companies = ['retailer-1', 'retailer-2', 'retailer-3'];
const products = ['p1', 'p2', 'p3', 'p4', 'p5'];
/** A fixed day, so that the same seed creates the same orders on every day. */
const firstDay = Date.UTC(2027, 0, 1);
const dayMs = 24 * 60 * 60 * 1000;

/** The body and the idempotency key of the nth order of a seed. They depend on nothing but the arguments. */
export const createSample = (seed: number, n: number, customerIds: readonly string[]) => {
  const bytes = createHash('sha256').update(`${seed} ${n}`).digest();
  const pick = (at: number, from: number, to: number) => from + (bytes.readUInt32BE(at * 4) % (to - from + 1));
  const oneOf = (at: number, items: readonly string[]) => items[pick(at, 0, items.length - 1)] as string;
  return {
    key: `sample-order-${seed}-${n}`,
    body: {
      customerId: oneOf(0, customerIds),
      productId: oneOf(1, products),
      company: oneOf(2, companies),
      quantity: pick(3, 1, 1_000),
      unitPrice: { amount: pick(4, 100, 99_999), currency: 'EUR' },
      expectedDeliveryDate: new Date(firstDay + pick(5, 0, 364) * dayMs).toISOString().slice(0, 10),
    },
  };
};
