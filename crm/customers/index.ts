/**
 * Customers, their mandates and the evidence of consent. routes.ts maps each request to its use case.
 * change/change-customer.ts makes a change, change/write-customers.ts writes it, and change/append-customer-events.ts and
 * change/mandate-changes.ts put its events into the outbox. publication/ publishes states again, or for the first time.
 */

export {
  type CrmContext,
  changeCustomer,
  inTransaction,
  registerCustomer,
  replaceCustomer,
} from './change/change-customer.ts';
export type { ChangeOrigin } from './change/mandate-changes.ts';
export {
  type CustomerWrite,
  type LastRevisions,
  lockLastRevisions,
  prepareWrites,
  writeCustomers,
} from './change/write-customers.ts';
export {
  type Customer,
  type CustomerData,
  customerDataSchema,
  customerFieldNames,
  dataOf,
  externalCustomerIdSchema,
  isSameText,
  readText,
  tidyPhone,
} from './customer.ts';
export { findCustomer, findHolders, listCustomers, lockCustomers } from './find-customers.ts';
export { findKnownCustomerIds, readMandateHistory } from './history/mandate-history.ts';
export { replaceReference } from './history/replace-reference.ts';
export { writeCursor } from './list/list-cursor.ts';
export { planList, type Sort } from './list/list-plan.ts';
export { erasePerson } from './personal-data/erase-person.ts';
export { listPendingErasures, listPersonsBeingErased, requestErasure } from './personal-data/erasure-job.ts';
export { createErasures, type Erasures } from './personal-data/erasures.ts';
export { exportPerson, type PersonalData } from './personal-data/export-person.ts';
export { findConnectionsOfErased, findErasedCustomers } from './personal-data/find-erased.ts';
export { lockPerson } from './personal-data/find-person.ts';
export type { Person, PersonalDataSource, PersonalDataSources } from './personal-data/personal-data-source.ts';
export { deleteCustomer } from './personal-data/remove-customer.ts';
export { customerDataSources } from './personal-data/sources.ts';
export { startPublishingExisting } from './publication/publish-existing.ts';
export { repeatRemovals } from './publication/repeat-removals.ts';
export { republishedCustomerSchema } from './publication/republication-routes.ts';
export { repeatLastStates } from './publication/republish-customer.ts';
export { customerRoutes } from './routes.ts';
export { searchKeys } from './search-keys.ts';
