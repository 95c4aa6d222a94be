import { registerView } from '../../packages/platform/views.ts';
import { greetings } from './greeting.ts';

export type { Greeting } from './greeting.ts';
export { greetingRoutes } from './routes.ts';
export { greetingsTable } from './table.ts';

export const greetingsView = registerView({
  projection: greetings,
  toDisplayValue: (greeting) => greeting?.message ?? 'none',
  keyName: 'greetingId',
});
