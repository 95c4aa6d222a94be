import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Response, Router } from 'express';

const require = createRequire(import.meta.url);
const swaggerUi = dirname(require.resolve('swagger-ui-dist/package.json'));
const assets = {
  '/show.js': import.meta.dirname,
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

/** The page that shows `/openapi.json`. */
export const showPage = (res: Response): void => {
  res.set({ 'Content-Security-Policy': contentSecurityPolicy, 'Referrer-Policy': 'no-referrer' });
  res.sendFile(join(import.meta.dirname, 'page.html'));
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
