import { type RequestHandler, Router } from 'express';
import { operation, type Routes, withTag } from '../packages/http/operation.ts';
import { loadBundle } from './bundle.ts';
import { createContentSecurityPolicy, createPage, type ServiceUrls } from './page.ts';

/** Finds the services at each request, because they may start later, or on other ports. */
export type LocateServices = () => ServiceUrls;

/** The console: its described route, and a router for the pages below it and their assets. */
export const createConsole = (locateServices: LocateServices): { routes: Routes; pages: Router } => {
  const sendPage: RequestHandler = async (_req, res) => {
    const urls = locateServices();
    const html = createPage(await loadBundle(), urls);
    res.set({ 'Content-Security-Policy': createContentSecurityPolicy(urls), 'Cache-Control': 'no-cache' });
    res.type('html').send(html);
  };
  const pages = Router();
  pages.get('/assets/:name', async (req, res, next) => {
    const { script, style } = await loadBundle();
    const asset = [script, style].find(({ name }) => name === req.params.name);
    if (!asset) return next();
    res.set('Cache-Control', 'public, max-age=31536000, immutable').type(asset.mediaType).send(asset.content);
  });
  // A path with a dot or below assets is a missing file, not a page.
  pages.get(/^\/(?!assets\/)[^.]*$/, sendPage);
  return {
    pages,
    routes: withTag('Console', {
      '/console': {
        get: operation({
          summary: 'The console: see events flow, and work with customers, orders and views',
          responses: { 200: { description: 'The page', mediaType: 'text/html', example: '<!doctype html>' } },
          handle: (_request, res, req) => sendPage(req, res, () => {}),
        }),
      },
    }),
  };
};
