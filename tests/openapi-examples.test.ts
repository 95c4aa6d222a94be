import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Express } from 'express';
import request from 'supertest';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type DescribedOperation,
  type DescribedParameter,
  type OpenApiDocument,
  readOpenApi,
  services,
} from './described-services.ts';

/** Characters that a pattern can treat in another way with the flag `u`, and what the patterns of the services are for. */
const samples = [
  ...[
    '',
    'upload.csv',
    'Corinne',
    '7',
    '7733',
    '"1"',
    '*',
    'p{C}',
    'C',
    '{',
    '\\',
    '-',
    'exact',
    'corinne@example.org',
  ],
  ...[
    '\u0000',
    '\u001f',
    '\u0085',
    '\u00ad',
    '\u200b',
    '\u202e',
    '\ufeff',
    '\ue000',
    '\ufffd',
    ' ',
    '\u00a0',
    '\u2028',
  ],
  ...['é', 'ß', '𠮷', '👍', '\ud800', '\udc00', 'ab\ud800', '𠮷@example.org'],
  ...['a', '𠮷', '👍'].flatMap((character) =>
    [50, 51, 64, 65, 100, 101, 140, 141, 280, 281].map((n) => character.repeat(n)),
  ),
  `${'𠮷'.repeat(40)}@example.org`,
];

const compile = (document: OpenApiDocument, unicodeRegExp: boolean) => {
  const ajv = new Ajv2020({ strict: false, unicodeRegExp, formats: { binary: true } });
  addFormats.default(ajv);
  ajv.addSchema(document, 'document');
  /** The errors of a value according to the schema at this place of the document. */
  return (place: readonly string[], value: unknown) => {
    const pointer = place.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');
    const validate = ajv.compile({ $ref: `document#/${pointer}` });
    return validate(value) ? [] : [`${place.join(' ')}: ${JSON.stringify(value)} ${ajv.errorsText(validate.errors)}`];
  };
};

const operationsOf = ({ paths }: OpenApiDocument) =>
  Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ path, method, operation })),
  );

/** Every example of the document, with the place of its schema. */
const listExamples = (document: OpenApiDocument): { place: string[]; value: unknown }[] => [
  ...Object.entries(document.components.schemas).flatMap(([name, { examples }]) =>
    (examples ?? [undefined]).map((value) => ({ place: ['components', 'schemas', name], value })),
  ),
  ...operationsOf(document).flatMap(({ path, method, operation }) => {
    const at = ['paths', path, method];
    const { parameters, requestBody, responses } = operation;
    return [
      ...parameters.flatMap(({ schema, example }, n) =>
        [...(schema.examples ?? [undefined]), ...(example === undefined ? [] : [example])].map((value) => ({
          place: [...at, 'parameters', String(n), 'schema'],
          value,
        })),
      ),
      ...Object.entries(requestBody?.content ?? {}).map(([type, { example }]) => ({
        place: [...at, 'requestBody', 'content', type, 'schema'],
        value: example,
      })),
      ...Object.entries(responses).flatMap(([status, { content = {}, headers = {} }]) => [
        ...Object.entries(content).map(([type, { example }]) => ({
          place: [...at, 'responses', status, 'content', type, 'schema'],
          value: example,
        })),
        ...Object.entries(headers).map(([name, { example }]) => ({
          place: [...at, 'responses', status, 'headers', name, 'schema'],
          value: example,
        })),
      ]),
    ];
  }),
];

const patternsIn = (document: object): string[] => {
  const patterns = new Set<string>();
  JSON.stringify(document, (key, value) => {
    if (key === 'pattern' && typeof value === 'string') patterns.add(value);
    return value;
  });
  return [...patterns];
};

const isSent = ({ required, example }: DescribedParameter) => required || example !== undefined;

/** Sends an operation as the page does: with the examples of the required parameters and of those that it fills in, and of `more`. */
const sendAsOffered = (
  app: Express,
  { path, method, operation }: { path: string; method: string; operation: DescribedOperation },
  more: readonly DescribedParameter[] = [],
) => {
  const offered = operation.parameters.filter(isSent);
  const sent = [...offered, ...more].map((one) => ({ ...one, value: String(one.example ?? one.schema.examples?.[0]) }));
  const of = (where: DescribedParameter['in']) => sent.filter((one) => one.in === where);
  const url = of('path').reduce((text, { name, value }) => text.replace(`{${name}}`, encodeURIComponent(value)), path);
  const query = new URLSearchParams(of('query').map(({ name, value }) => [name, value]));
  const call = request(app)[method as 'get'](`${url}?${query}`);
  for (const { name, value } of of('header')) call.set(name, value);
  const [content] = Object.entries(operation.requestBody?.content ?? {});
  if (!content) return call;
  const [type, { example }] = content;
  return call.set('Content-Type', type).send(typeof example === 'string' ? example : JSON.stringify(example));
};

const refusals = ['malformed-request', 'malformed-json', 'invalid-parameter', 'invalid-header', 'invalid-body'];

describe.each(Object.entries(services))('the OpenAPI document of the %s', (_, open) => {
  let app: Express;
  let document: OpenApiDocument;
  beforeAll(async () => {
    app = await open();
    document = await readOpenApi(app);
  });

  it('has an example for each schema, parameter, header and body', () =>
    expect(
      listExamples(document)
        .filter(({ value }) => value === undefined || value === '')
        .map(({ place }) => place.join(' ')),
    ).toEqual([]));

  it.each([true, false])('has examples that its schemas accept, with the flag u: %s', (unicodeRegExp) => {
    const findErrors = compile(document, unicodeRegExp);
    expect(listExamples(document).flatMap(({ place, value }) => findErrors(place, value))).toEqual([]);
  });

  it('and the AsyncAPI document have patterns that mean the same with and without the flag u', async () => {
    const { body: events } = await request(app).get('/asyncapi.json').expect(200);
    const differing = patternsIn([document, events]).flatMap((pattern) =>
      samples
        .filter((sample) => new RegExp(pattern, 'u').test(sample) !== new RegExp(pattern).test(sample))
        .map((sample) => `${pattern} ${JSON.stringify(sample.slice(0, 20))}`),
    );
    expect(differing).toEqual([]);
  });

  it('has examples that the service accepts, as the page offers them and with each further parameter', async () => {
    const refused: string[] = [];
    for (const one of operationsOf(document)) {
      const optional = one.operation.parameters.filter((parameter) => !isSent(parameter));
      for (const more of [[], ...optional.map((parameter) => [parameter])]) {
        const { status, body } = await sendAsOffered(app, one, more);
        const isRefused = refusals.some((code) => body?.type === `urn:problem:${code}`) || status >= 500;
        if (isRefused && status !== 503)
          refused.push(`${one.method} ${one.path} ${more.map(({ name }) => name)}: ${body.detail}`);
      }
    }
    expect(refused).toEqual([]);
  });

  it('offers no header that makes a request conditional or a repetition of another one', () => {
    const headers = ['If-Match', 'If-None-Match', 'Idempotency-Key'];
    const offered = operationsOf(document).flatMap(({ operation }) =>
      operation.parameters.filter(({ name, example }) => headers.includes(name) && example !== undefined),
    );
    expect(offered).toEqual([]);
  });
});
