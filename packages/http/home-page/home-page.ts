import type { Request, RequestHandler } from 'express';
import { groupBy } from '../../runtime/group-by.ts';
import { escapeHtml } from '../escape-html.ts';
import type { ApiDescription } from '../openapi/openapi.ts';
import type { Routes } from '../operation.ts';
import { createHtmlPage, type HtmlPage, sendHtmlPage } from '../server/html-page.ts';
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

/** Answers a browser that opens `/` without a query with a page of links. Every other request gets the answer of the route `/`. */
export const createHomePageHandler = (routes: Routes, api: ApiDescription): RequestHandler => {
  // Created on the first request, to keep the start fast.
  let page: HtmlPage | undefined;
  return (req, res, next) => {
    if (Object.keys(req.query).length > 0) return next();
    res.vary('Accept');
    if (!prefersHtml(req)) return next();
    page ??= createPage(api, listLinks(routes));
    sendHtmlPage(res, page);
  };
};

/** JSON is the default, so a client that accepts any type gets JSON. */
const prefersHtml = (req: Request): boolean => req.accepts(['json', 'html']) === 'html';

const createPage = ({ title, description }: ApiDescription, links: readonly Link[]): HtmlPage =>
  createHtmlPage({
    title,
    style,
    body: `    <h1>${escapeHtml(title)}</h1>
    <p>${escapeHtml(description)} <a href="/docs">/docs</a> shows all routes and can call them.</p>
${[...groupBy(links, ({ tag }) => tag)].map(renderSection).join('\n')}`,
  });

const renderSection = ([tag, links]: readonly [string, readonly Link[]]): string =>
  `    <h2>${escapeHtml(tag)}</h2>
    <ul>
${links.map(renderLink).join('\n')}
    </ul>`;

const renderLink = ({ url, summary }: Link): string =>
  `      <li><a href="${escapeHtml(url)}">${escapeHtml(url)}</a> <span>${escapeHtml(summary)}</span></li>`;
