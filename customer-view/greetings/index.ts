import { registerView } from '../../packages/platform/views.ts';
import { greetings } from './greeting.ts';

export const greetingsView = registerView({
  projection: greetings,
  toDisplayValue: (greeting) => greeting?.message ?? 'none',
  keyName: 'greetingId',
});
