import {
  type ChangeOrigin,
  type CrmContext,
  type CustomerData,
  changeCustomer,
  registerCustomer,
} from '../crm/customers/index.ts';

/** A customer whose data occurs nowhere else, so that a test finds every trace of it. */
export const quirine: CustomerData = {
  firstName: 'Quirine',
  lastName: 'Vandenzwaluw',
  city: 'Xanten',
  connectionId: '4711',
  connectionMandate: '2',
  email: 'q.zwaluw@example.org',
  phone: '+31 6 98765432',
};
export const marriedName = 'Zwaluwstaart';
export const traces = ['Quirine', 'Vandenzwaluw', marriedName, 'Xanten', 'q.zwaluw', '98765432'];

/** Evidence whose free texts name the person. */
export const byHerself: ChangeOrigin = {
  evidence: { changedBy: 'Quirine Vandenzwaluw', channel: 'phone', reference: 'call of Mrs Vandenzwaluw' },
};

/** Registers the customer, changes the name and moves to another connection. @returns the customerId */
export const liveAsQuirine = async (context: CrmContext): Promise<string> => {
  const { customer } = await registerCustomer(context, quirine, { ...byHerself, idempotencyKey: 'for-Quirine' });
  const { customerId } = customer;
  await changeCustomer(context, customerId, (data) => ({ ...data, lastName: marriedName }), byHerself);
  await changeCustomer(context, customerId, (data) => ({ ...data, connectionId: '4712' }), byHerself);
  return customerId;
};
