import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Response, Router } from 'express';
import { escapeHtml } from '../../escape-html.ts';

const require = createRequire(import.meta.url);
const swaggerUi = dirname(require.resolve('swagger-ui-dist/package.json'));
const assets = {
  '/show.js': import.meta.dirname,
  '/page.css': import.meta.dirname,
  '/swagger-ui-bundle.js': swaggerUi,
  '/swagger-ui.css': swaggerUi,
  '/favicon-32x32.png': swaggerUi,
};

/** Forbids other origins and inline scripts. Inline styles are allowed because Swagger UI needs them. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const template = readFileSync(join(import.meta.dirname, 'page.html'), 'utf8');

/** Sends the page that shows `/openapi.json` of the service with this title. */
export const sendPage = (res: Response, title: string): void => {
  res.set('Content-Security-Policy', contentSecurityPolicy).type('html');
  res.send(template.replace('TITLE', () => escapeHtml(`${title} API`)));
};

/** The assets of the page; it loads nothing from other origins. */
export const createPageAssetRouter = (): Router => {
  const router = Router();
  for (const [path, folder] of Object.entries(assets))
    router.get(path, (_req, res) => {
      res.set('Cache-Control', 'public, max-age=3600');
      res.sendFile(join(folder, path));
    });
  return router;
};
