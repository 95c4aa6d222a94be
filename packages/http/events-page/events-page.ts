import { escapeHtml } from '../escape-html.ts';
import { createHtmlPage, type HtmlPage } from '../server/html-page.ts';
import type { AsyncApiDocument, Channel, Message, Operation } from './document.ts';
import { type Field, listFields } from './list-fields.ts';

const style = `
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; padding: 0 1rem; }
h2 { border-top: 1px solid; margin-top: 3rem; padding-top: 1rem; }
h1, h2, h3, p, li, dd, td { overflow-wrap: anywhere; }
td:nth-child(2) { overflow-wrap: normal; }
dl { display: grid; gap: 0.25rem 1rem; grid-template-columns: max-content 1fr; }
dd { margin: 0; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid; padding: 0.25rem 0.5rem 0.25rem 0; text-align: left; vertical-align: top; }
pre { border: 1px solid; overflow-x: auto; padding: 0.5rem; }
@media (max-width: 40rem) { td, th { display: block; border: 0; padding: 0; } tr { border-bottom: 1px solid; display: block; } thead { display: none; } }
`;

/** The page of an AsyncAPI document: topics, events, their fields and an example of each. It has no script. */
export const createEventsPage = (document: AsyncApiDocument): HtmlPage => {
  const channels = Object.entries(document.channels);
  const { title, description } = document.info;
  return createHtmlPage({
    title,
    style,
    body: `    <h1>${escapeHtml(title)}</h1>
    <p>${renderText(description)}</p>
    <p><a href="/asyncapi.json">/asyncapi.json</a> has this description with the JSON Schemas, <a href="/docs">/docs</a> the routes.</p>
    <ul>
${channels.map(renderLink).join('\n')}
    </ul>
${channels.map(renderChannel(document)).join('\n')}`,
  });
};

/** Escapes text, and shows what it has in backticks as code. */
const renderText = (text: string): string => escapeHtml(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');

const renderLink = ([id, { address, title }]: readonly [string, Channel]): string =>
  `      <li><a href="#${escapeHtml(encodeURIComponent(id))}">${escapeHtml(address)}</a>: ${escapeHtml(title)}</li>`;

const renderChannel =
  ({ operations, components }: AsyncApiDocument) =>
  ([id, { address, title, description, messages, bindings }]: readonly [string, Channel]): string => {
    const { partitions, topicConfiguration } = bindings.kafka;
    const isOfChannel = ({ channel }: Operation) => channel.$ref === `#/channels/${id}`;
    const settings = Object.entries(topicConfiguration).map(([name, value]) => [name, describeSetting(value)] as const);
    return `    <section id="${escapeHtml(id)}">
      <h2>${escapeHtml(address)}</h2>
      <p>${escapeHtml(title)}. ${renderText(description)}</p>
${renderList([['partitions', String(partitions)], ...settings])}
      <ul>
${Object.values(operations).filter(isOfChannel).map(renderOperation).join('\n')}
      </ul>
${Object.values(messages)
  .flatMap(({ $ref }) => components.messages[$ref.slice('#/components/messages/'.length)] ?? [])
  .map(renderMessage)
  .join('\n')}
    </section>`;
  };

const describeSetting = (value: unknown): string => (value === -1 ? '-1 (no limit)' : [value].flat().join(', '));

const renderOperation = ({ action, title }: Operation): string =>
  `        <li>${escapeHtml(action)}: ${escapeHtml(title)}</li>`;

const renderMessage = ({
  name,
  title,
  summary,
  contentType,
  headers,
  payload,
  examples,
  bindings,
}: Message): string => {
  const [example] = examples;
  return `      <h3><code>${escapeHtml(name)}</code></h3>
      <p>${escapeHtml(title)}. ${renderText(summary)}</p>
${renderList([
  ['record key', bindings.kafka.key.description],
  ['record value', contentType],
])}
${renderFields('field', listFields(payload.schema, example?.payload))}
${renderFields('record header', listFields(headers, undefined))}
${examples.map(renderExample).join('\n')}`;
};

const renderList = (entries: readonly (readonly [term: string, description: string])[]): string =>
  `      <dl>
${entries.map(([term, text]) => `        <dt>${escapeHtml(term)}</dt><dd>${escapeHtml(text)}</dd>`).join('\n')}
      </dl>`;

const renderFields = (kind: string, fields: readonly Field[]): string =>
  `      <table>
        <thead><tr><th>${escapeHtml(kind)}</th><th>type</th><th>values</th><th>example</th></tr></thead>
        <tbody>
${fields.map(renderField).join('\n')}
        </tbody>
      </table>`;

/** The longest pattern that is shown at once. */
const shortPattern = 60;

const renderPattern = (pattern: string): string => {
  const code = `<code>${escapeHtml(pattern)}</code>`;
  return pattern.length <= shortPattern
    ? `<div>pattern ${code}</div>`
    : `<details><summary>pattern</summary>${code}</details>`;
};

const renderField = ({ path, type, isRequired, description, rules, pattern, example }: Field): string => {
  const values = [...(description ? [description] : []), ...rules].map(escapeHtml).join('; ');
  const cells = [
    `<code>${escapeHtml(path)}</code>${isRequired ? '' : ' (optional)'}`,
    escapeHtml(type),
    `${values}${pattern === undefined ? '' : renderPattern(pattern)}`,
    example === undefined ? '' : `<code>${escapeHtml(example)}</code>`,
  ];
  return `          <tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
};

const renderExample = ({ payload }: Message['examples'][number]): string =>
  `      <pre><code>${escapeHtml(JSON.stringify(payload, undefined, 2))}</code></pre>`;
