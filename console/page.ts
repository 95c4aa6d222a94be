import { escapeHtml } from '../packages/http/escape-html.ts';
import type { Bundle } from './bundle.ts';

/** The addresses of the services that the page calls, as a browser reaches them. The CRM has the origin of the page. */
export type ServiceUrls = { readonly iotPlatform: string; readonly customerView: string };

export const createContentSecurityPolicy = ({ iotPlatform, customerView }: ServiceUrls): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${[...new Set([iotPlatform, customerView].map((url) => new URL(url).origin))].join(' ')}`,
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

/** The same document for every path of the console: the script shows the page of the path. */
export const createPage = ({ script, style }: Bundle, { iotPlatform, customerView }: ServiceUrls): string =>
  `<!doctype html>
<html lang="en" data-iot-platform="${escapeHtml(iotPlatform)}" data-customer-view="${escapeHtml(customerView)}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Connection mandates</title>
    <link rel="icon" href="/docs/favicon-32x32.png">
    <link rel="stylesheet" href="/console/assets/${style.name}">
    <script type="module" src="/console/assets/${script.name}"></script>
  </head>
  <body>
    <noscript>The console needs JavaScript. <a href="/docs">/docs</a> shows all routes.</noscript>
    <div id="app"></div>
  </body>
</html>
`;
