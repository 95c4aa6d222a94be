import { registerView } from '../../packages/platform/views.ts';
import { crmSource } from './crm-source.ts';
import { explainMandate } from './explain/index.ts';
import { permittedLevel } from './mandate.ts';
import { mandates } from './materialise.ts';
import { mandateRoutes } from './routes.ts';

export const mandatesView = registerView({
  projection: mandates,
  toDisplayValue: permittedLevel,
  keyName: 'connectionId',
  isDefault: true,
  // Keys without a prefix: they were stored before a service could have several views.
  keyPrefix: '',
  routes: mandateRoutes,
  source: crmSource,
  explain: explainMandate,
});
