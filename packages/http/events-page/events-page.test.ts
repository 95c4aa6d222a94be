import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { createTestRuntime } from '../../../tests/test-runtime.ts';
import { createHttpApp } from '../app.ts';
import type { AsyncApiDocument } from './document.ts';

const createDocument = (id: string, text: (plain: string) => string): AsyncApiDocument => ({
  info: { title: text('Events of trees'), description: text('What happens to trees.') },
  channels: {
    [id]: {
      address: text('trees-topic'),
      title: text('Changes'),
      description: text('Kept forever.'),
      messages: { [id]: { $ref: `#/components/messages/${id}` } },
      bindings: {
        kafka: {
          partitions: 4,
          topicConfiguration: { [text('retention.ms')]: -1, 'cleanup.policy': [text('compact'), 'delete'] },
        },
      },
    },
  },
  operations: {
    send: { action: text('send'), title: text('The park announces'), channel: { $ref: `#/channels/${id}` } },
    other: { action: 'send', title: 'Of another topic', channel: { $ref: '#/channels/others' } },
  },
  components: {
    messages: {
      [id]: {
        name: text('tree-grown.v1'),
        title: text('Growth'),
        summary: text('A `tree` has grown.'),
        contentType: text('application/json'),
        headers: { type: 'object', properties: { [text('replay')]: { type: 'string', description: text('Again.') } } },
        payload: {
          schema: {
            type: 'object',
            properties: {
              [text('tree')]: { type: 'string', description: text('Which.'), pattern: text('^[a-z]+$') },
              colour: { type: 'string', enum: [text('red')], examples: [text('red')] },
              kind: {
                type: 'string',
                const: text('oak'),
                format: text('word'),
                pattern: text(`^${'x{0,1}'.repeat(20)}$`),
              },
            },
            required: ['colour'],
          },
        },
        examples: [{ payload: { [text('tree')]: text('oak'), colour: text('red'), kind: text('oak') } }],
        bindings: { kafka: { key: { description: text('The tree.') } } },
      },
    },
  },
});

const open = (events: AsyncApiDocument) =>
  request(createHttpApp({}, { ...createTestRuntime(), api: { title: 'Trees', description: 'Trees.', events } })).get(
    '/docs/events',
  );

describe('the page of the events', () => {
  it('shows topics, settings, operations, events, fields, keys, headers and an example', async () => {
    const { text } = await open(createDocument('trees', (plain) => plain)).expect(200);
    for (const shown of [
      '<title>Events of trees</title>',
      '<a href="#trees">trees-topic</a>',
      '<section id="trees">',
      '<dt>partitions</dt><dd>4</dd>',
      '<dt>retention.ms</dt><dd>-1 (no limit)</dd>',
      '<dt>cleanup.policy</dt><dd>compact, delete</dd>',
      'send: The park announces',
      '<code>tree-grown.v1</code>',
      '<dt>record key</dt><dd>The tree.</dd>',
      '<dt>record value</dt><dd>application/json</dd>',
      '<code>tree</code> (optional)',
      'pattern <code>^[a-z]+$</code>',
      '<summary>pattern</summary><code>^x{0,1}x{0,1}',
      'A <code>tree</code> has grown.',
      'one of &quot;red&quot;',
      'always &quot;oak&quot;; format word',
      '<code>replay</code>',
      '<pre><code>{\n  &quot;tree&quot;: &quot;oak&quot;,\n  &quot;colour&quot;: &quot;red&quot;',
    ])
      expect(text).toContain(shown);
    expect(text).not.toContain('Of another topic');
  });

  it('escapes every text of the document', async () => {
    const hostile = `"'><script>alert(1)</script>&`;
    const plain = await open(createDocument('trees', (text) => text));
    const { text } = await open(createDocument(hostile, (text) => text + hostile));
    const tagsOf = (html: string) => html.match(/<[a-z/!][^>]*>/g)?.map((tag) => tag.replaceAll(/"[^"]*"/g, '""'));
    expect(tagsOf(text)).toEqual(tagsOf(plain.text));
    expect(text.match(/&quot;&#39;&gt;&lt;script&gt;alert\(1\)&lt;\/script&gt;&amp;/g)?.length).toBeGreaterThan(20);
    expect(text).toContain('href="#%22');
  });

  it('needs no script and nothing from elsewhere', async () => {
    const { text, headers } = await open(createDocument('trees', (plain) => plain)).expect('Content-Type', /html/);
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-\S+'; img-src 'self'; base-uri 'none'; /,
    );
    expect(headers['cache-control']).toBe('no-store');
    expect(text).not.toMatch(/<script|style=|https?:| on[a-z]+=/);
  });
});
