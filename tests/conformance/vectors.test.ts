import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { mandates } from '../../iot-platform/mandates/materialise.ts';
import { createSeededRandom } from '../../packages/projections/faults.ts';
import { runCase } from './run-case.ts';
import { conformanceFolder, otherOrders, readVectors } from './vectors.ts';

const read = (file: string) => readFileSync(new URL(file, conformanceFolder), 'utf8');
const themes = [...readVectors()];

describe('the conformance vectors', () => {
  const isValid = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(
    JSON.parse(read('vectors.schema.json')),
  );

  it.each(themes)('%s has the published format', (_, vectors) => {
    isValid(vectors);
    expect(isValid.errors ?? []).toEqual([]);
  });

  it.each(themes)('%s is listed in the README', (theme) => expect(read('README.md')).toContain(`(${theme}.json)`));

  it.each(
    themes,
  )('%s has unique names, uses each value, and delivers only records that its log holds', (_, vectors) => {
    const names = vectors.cases.map(({ name }) => name);
    expect([...new Set(names)]).toEqual(names);
    const records = vectors.cases.flatMap(({ log, later = [] }) => [...log, ...later].flatMap((one) => one.records));
    const used = new Set(records.flatMap(({ value }) => value ?? []));
    expect([...used].sort()).toEqual(Object.keys(vectors.values).sort());
    for (const { log, deliveries } of vectors.cases)
      for (const [partition, offset] of deliveries.flat())
        expect(log[partition]?.records.map((record) => record.offset)).toContain(offset);
  });
});

describe.each(themes)('the mandates view, on vectors of %s:', (_, vectors) => {
  it.each(vectors.cases.map((one) => [one.name, one] as const))('%s', async (__, one) => {
    expect(await runCase({ projection: mandates }, vectors, one, one.deliveries)).toEqual(one.expect);
    if (!one.anyOrder) return;
    for (const deliveries of otherOrders(one, createSeededRandom(7), 1))
      expect(await runCase({ projection: mandates }, vectors, one, deliveries), JSON.stringify(deliveries)).toEqual(
        one.expect,
      );
  });
});
