import { registerView } from '../../packages/platform/views.ts';
import { registrations } from './registration.ts';

export type { Registration } from './registration.ts';
export { registrationsTable } from './table.ts';

export const registrationsView = registerView({
  projection: registrations,
  toDisplayValue: (registration) => registration?.registeredAt ?? 'none',
  keyName: 'customerId',
});
