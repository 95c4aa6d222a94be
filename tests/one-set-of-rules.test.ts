import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CustomerData } from '../crm/customers/index.ts';
import { formatCsvLine } from '../packages/csv/write-csv.ts';
import { createCrmWithImports } from './crm-with-imports.ts';

type Values = Record<keyof CustomerData, string>;
const valid: Values = {
  ...{ firstName: 'Eva', lastName: 'Vos', city: 'Delft', connectionId: 'A1', connectionMandate: '1' },
  ...{ email: 'eva@example.org', phone: '+31 6 12345678' },
};
const others = {
  ...{ firstName: 'Jan', lastName: 'Bos', city: 'Gouda', connectionId: 'B2', connectionMandate: '0' },
  ...{ email: null, phone: null },
};
const fields = Object.keys(valid) as (keyof CustomerData)[];

/** Values that people paste, and what surrounds them. */
const bodies = [
  ...[
    'Eva',
    'Zoe\u0308',
    'O’Brien',
    'علی\u200cرضا',
    '\u{1f468}\u200d\u{1f469}',
    'Jo\u200dhn',
    'a\u0000b',
    'a\tb',
    '\ufffd',
    'x'.repeat(101),
  ],
  ...[
    '0071',
    '871687120000001000',
    '8.71687E+17',
    '8,71687e17',
    'a1',
    '７７',
    '+7',
    '1.0',
    '01',
    '2',
    '3',
    '-1',
    '"1"',
  ],
  ...[
    'smith&sons@example.org',
    "o'neil+x@example.org",
    'info@xn--e1afmkfd.xn--p1ai',
    'x@ex_a.org',
    '"a b"@example.org',
    'a.@b.org',
  ],
  ...[
    '06\u201312345678',
    'tel:06 12345678',
    '０６\u201112345678',
    '+31\u2044612345678',
    '\u202a0612345678\u202c',
    '112',
    '06 CORINNE',
  ],
];
const around = ['', ' ', '\u00a0', '\u3000', '\ufeff', '\u0085', '\u200b', '\u202e', '\u00ad', '\u2800', '\ue000'];
const value = fc
  .tuple(fc.constantFrom(...around), fc.constantFrom(...bodies), fc.constantFrom(...around), fc.boolean())
  .map(([before, body, after, isProtected]) =>
    isProtected ? `="${before}${body.replaceAll('"', '""')}${after}"` : `${before}${body}${after}`,
  );

it('the texts of orders and greetings have the rules of names', async () => {
  const { http } = await createCrmWithImports();
  const { body: eva } = await http.post('/customers').send(valid).expect(201);
  const order = {
    ...{ customerId: eva.customerId, productId: 'p1', quantity: 1, expectedDeliveryDate: '2026-12-24' },
    unitPrice: { amount: 1, currency: 'EUR' },
  };
  const texts = (text: string) => [
    http.post('/greetings').send({ message: text }),
    http.post('/orders').send({ ...order, place: text }),
    http.post('/orders').send({ ...order, company: text }),
  ];
  for (const [refused, name] of [
    ['\u202eDelft', 'U+202E RIGHT-TO-LEFT OVERRIDE'],
    ['\u200b', 'U+200B ZERO WIDTH SPACE'],
    ['a\ud800', 'U+D800 HALF OF A SURROGATE PAIR'],
  ] as const)
    for (const { status, body } of await Promise.all(texts(refused)))
      expect([status, body.errors]).toEqual([
        422,
        [expect.objectContaining({ expected: expect.stringContaining(name) })],
      ]);
  const [greeting, atPlace, ofCompany] = await Promise.all(texts('\u00a0Cafe\u0301\u3000'));
  expect([greeting?.body.message, atPlace?.body.place, ofCompany?.body.company]).toEqual(['Café', 'Café', 'Café']);
});

it('a value has the same verdict and is stored alike from a CSV row, POST, PUT and PATCH', async () => {
  const { http, db, waitUntilFinished } = await createCrmWithImports();
  const read = async (customerId: string) => {
    const { body } = await http.get(`/customers/${customerId}`);
    return Object.fromEntries(fields.map((field) => [field, body[field]]));
  };
  const empty = async () => {
    for (const table of ['customer', 'connection', 'mandateChange', 'importedRow'] as const)
      await db.deleteFrom(table).execute();
  };
  const byCsv = async (values: Values) => {
    const file = formatCsvLine(fields) + formatCsvLine(fields.map((field) => values[field]));
    const { body } = await http.post('/imports').set('Content-Type', 'text/csv').send(file).expect(202);
    const { created } = await waitUntilFinished(`/imports/${body.importId}`);
    return created === 1 ? read((await http.get('/customers')).body.items[0].customerId) : 'refused';
  };
  const byPost = async (values: Values) => {
    const { status, body } = await http.post('/customers').send(values);
    return status === 201 ? read(body.customerId) : 'refused';
  };
  const byChange = (method: 'put' | 'patch') => async (values: Values, field: keyof Values) => {
    const { body } = await http
      .post('/customers')
      .send({ ...valid, [field]: others[field] })
      .expect(201);
    const sent = method === 'put' ? values : { [field]: values[field] };
    const { status } = await http[method](`/customers/${body.customerId}`).send(sent);
    return status === 200 ? read(body.customerId) : 'refused';
  };
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...fields), value, async (field, text) => {
      const values = { ...valid, [field]: text };
      const results: unknown[] = [];
      for (const send of [byCsv, byPost, byChange('put'), byChange('patch')]) {
        await empty();
        results.push(await send(values, field));
      }
      expect(results).toEqual(results.map(() => results[0]));
    }),
    { numRuns: 60 },
  );
});
