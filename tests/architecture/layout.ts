import type { Layout } from './borders.ts';

const packages = [
  'cli',
  'csv',
  'dapr',
  'database',
  'embedded',
  'http',
  'kafka',
  'platform',
  'projections',
  'runtime',
  'tracing',
];
const named = (...names: string[]) => names.map((name) => `packages/${name}`);
const technical = named('csv', 'database', 'http', 'platform', 'projections', 'runtime', 'tracing');
const all = ['contracts', 'crm', 'iot-platform', ...named(...packages)];

export const services = ['crm', 'iot-platform'];

/** The areas that each area may import. docs/architecture.md shows the same table. */
export const layout: Layout = {
  contracts: [],
  'packages/runtime': [],
  'packages/csv': named('runtime'),
  'packages/database': named('runtime'),
  'packages/http': named('runtime'),
  'packages/projections': named('runtime'),
  'packages/tracing': named('runtime'),
  'packages/kafka': named('projections', 'runtime'),
  'packages/dapr': named('kafka', 'projections', 'runtime'),
  'packages/embedded': named('database', 'projections', 'runtime'),
  'packages/platform': named('dapr', 'database', 'embedded', 'http', 'kafka', 'projections', 'runtime', 'tracing'),
  'packages/cli': named('database', 'projections', 'runtime'),
  crm: ['contracts', ...technical, 'packages/cli'],
  // main.ts checks the maxmemory-policy of Redis, which Dapr does not expose.
  'iot-platform': ['contracts', ...technical, 'packages/dapr'],
  scripts: all,
  bench: [...all, 'scripts', 'tests'],
  tests: [...all, 'scripts', 'bench', 'tests'],
};

/** The slices that each slice of a service may import. A slice that is not listed may import all others. */
export const slices: Layout = {
  'crm/database': [],
  'crm/idempotency': ['crm/database'],
  'crm/outbox': ['crm/database'],
  'crm/customers': ['crm/database', 'crm/idempotency', 'crm/outbox'],
  'crm/imports': ['crm/customers', 'crm/database', 'crm/idempotency', 'crm/outbox'],
  'iot-platform/mandates': [],
};
