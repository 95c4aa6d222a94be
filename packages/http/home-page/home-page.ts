import { createHash } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { groupBy } from '../../runtime/group-by.ts';
import type { ApiDescription } from '../openapi/openapi.ts';
import type { Routes } from '../operation.ts';
import { escapeHtml } from '../server/escape-html.ts';
import { type Link, listLinks } from './links.ts';

const style = `
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 42rem; padding: 0 1rem; }
h2 { font-size: 1.1rem; margin-bottom: 0; }
ul { list-style: none; margin: 0; padding: 0; }
li { margin: 0.5rem 0; }
a { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
span { display: block; opacity: 0.8; }
`;

/** Allows the style of the page and its icon, and no script. */
const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Answers a browser that opens `/` without a query with a page of links. Every other request gets the answer of the route `/`. */
export const createHomePageHandler = (routes: Routes, api: ApiDescription): RequestHandler => {
  // Created on the first request, to keep the start fast.
  let page: string | undefined;
  return (req, res, next) => {
    if (Object.keys(req.query).length > 0) return next();
    res.vary('Accept');
    if (!prefersHtml(req)) return next();
    page ??= renderPage(api, listLinks(routes));
    res.set('Content-Security-Policy', contentSecurityPolicy).type('html').send(page);
  };
};

/** JSON is the default, so a client that accepts any type gets JSON. */
const prefersHtml = (req: Request): boolean => req.accepts(['json', 'html']) === 'html';

const renderPage = ({ title, description }: ApiDescription, links: readonly Link[]): string =>
  `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${escapeHtml(title)}</title>
    <link rel="icon" href="/docs/favicon-32x32.png">
    <style>${style}</style>
  </head>
  <body>
    <h1>${escapeHtml(title)}</h1>
    <p>${escapeHtml(description)} <a href="/docs">/docs</a> shows all routes and can call them.</p>
${[...groupBy(links, ({ tag }) => tag)].map(renderSection).join('\n')}
  </body>
</html>
`;

const renderSection = ([tag, links]: readonly [string, readonly Link[]]): string =>
  `    <h2>${escapeHtml(tag)}</h2>
    <ul>
${links.map(renderLink).join('\n')}
    </ul>`;

const renderLink = ({ url, summary }: Link): string =>
  `      <li><a href="${escapeHtml(url)}">${escapeHtml(url)}</a> <span>${escapeHtml(summary)}</span></li>`;
