import type { Express } from 'express';
import { asyncApiDocument } from '../contracts/asyncapi.ts';
import { createViewApp, type ViewAppContext } from '../packages/platform/view-service/index.ts';

const statuses = {
  'mandate-unknown': 404,
  'view-incomplete': 503,
  'view-rebuilding': 503,
  'store-unavailable': 503,
  'revision-not-here-yet': 503,
  'record-dead-lettered': 503,
  'log-unavailable': 503,
};

const api = {
  title: 'IoT platform',
  description: 'How far the meter on a connection may be read, according to the events of the CRM.',
  events: asyncApiDocument,
};

export const createIotPlatformApp = (context: ViewAppContext): Express => createViewApp(context, { api, statuses });
