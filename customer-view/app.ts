import type { Express } from 'express';
import { asyncApiDocument } from '../contracts/asyncapi.ts';
import { createViewApp, type ViewAppContext } from '../packages/platform/view-service/index.ts';

const api = {
  title: 'customer-view',
  description: 'What the CRM has published about customers, in views to query.',
  events: asyncApiDocument,
};

export const createCustomerViewApp = (context: ViewAppContext): Express => createViewApp(context, { api });
