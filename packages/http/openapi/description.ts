import { z } from 'zod';
import { createEventsPage } from '../events-page/events-page.ts';
import { operation, type Routes, withTag } from '../operation.ts';
import { type HtmlPage, sendHtmlPage } from '../server/html-page.ts';
import type { ProblemStatuses } from '../server/problem.ts';
import { sendPage } from './docs/page.ts';
import { type ApiDescription, createOpenApiDocument } from './openapi.ts';

/** The routes that describe all routes: `/openapi.json`, `/asyncapi.json`, and the pages `/docs` and `/docs/events`. */
export const createDescriptionRoutes = (
  serviceRoutes: Routes,
  api: ApiDescription,
  statuses: ProblemStatuses,
): Routes => {
  // Created on the first request, to keep the start fast.
  let document: object | undefined;
  let eventsPage: HtmlPage | undefined;
  const routes: Routes = withTag('Descriptions', {
    '/openapi.json': {
      get: operation({
        summary: 'This description, in OpenAPI 3.1',
        responses: { 200: { description: 'The document', schema: z.looseObject({ openapi: z.literal('3.1.0') }) } },
        handle: (_request, res) => {
          document ??= createOpenApiDocument({ ...serviceRoutes, ...routes }, api, statuses);
          res.json(document);
        },
      }),
    },
    '/asyncapi.json': {
      get: operation({
        summary: 'The events, in AsyncAPI 3',
        responses: { 200: { description: 'The document', schema: z.looseObject({ asyncapi: z.literal('3.0.0') }) } },
        handle: (_request, res) => res.json(api.events),
      }),
    },
    '/docs': {
      get: operation({
        summary: 'This description, to browse and to try',
        responses: { 200: { description: 'The page', mediaType: 'text/html', example: '<!doctype html>' } },
        handle: (_request, res) => sendPage(res, api.title),
      }),
    },
    '/docs/events': {
      get: operation({
        summary: 'The events, to browse',
        responses: { 200: { description: 'The page', mediaType: 'text/html', example: '<!doctype html>' } },
        handle: (_request, res) => {
          eventsPage ??= createEventsPage(api.events);
          sendHtmlPage(res, eventsPage);
        },
      }),
    },
  });
  return routes;
};
