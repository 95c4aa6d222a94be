import type { Service } from '../packages/platform/service.ts';
import {
  startViewService,
  type ViewServiceConfig,
  type ViewServiceContext,
} from '../packages/platform/view-service/index.ts';
import { createCustomerViewApp } from './app.ts';
import { customerViews } from './projections.ts';

const description = { name: 'customer-view', portVariable: 'CUSTOMER_VIEW_PORT', createApp: createCustomerViewApp };

/** Starts the customer-view. @throws ConfigError when a port cannot be used */
export const startCustomerView = (
  config: ViewServiceConfig,
  context: ViewServiceContext,
): Promise<Service & { url: string }> => startViewService({ ...description, views: customerViews }, config, context);
