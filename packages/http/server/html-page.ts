import { createHash } from 'node:crypto';
import type { Response } from 'express';
import { escapeHtml } from '../escape-html.ts';

/** A page without scripts. */
export type HtmlPage = { readonly html: string; readonly contentSecurityPolicy: string };

/** @param body HTML, in which all text is escaped @returns a page that may use its own style and icon, and nothing else */
export const createHtmlPage = ({ title, style, body }: { title: string; style: string; body: string }): HtmlPage => ({
  contentSecurityPolicy: [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
    "img-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  html: `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${escapeHtml(title)}</title>
    <link rel="icon" href="/docs/favicon-32x32.png">
    <style>${style}</style>
  </head>
  <body>
${body}
  </body>
</html>
`,
});

export const sendHtmlPage = (res: Response, { html, contentSecurityPolicy }: HtmlPage): void => {
  res.set('Content-Security-Policy', contentSecurityPolicy).type('html').send(html);
};
