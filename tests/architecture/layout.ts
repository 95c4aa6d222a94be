import type { Layout } from './borders.ts';

const packages = [
  'cli',
  'csv',
  'dapr',
  'database',
  'embedded',
  'grpc',
  'http',
  'kafka',
  'platform',
  'projections',
  'runtime',
  'tracing',
  'view-database',
];
const packagePaths = (...names: string[]) => names.map((name) => `packages/${name}`);
const technical = packagePaths(
  'csv',
  'database',
  'http',
  'platform',
  'projections',
  'runtime',
  'tracing',
  'view-database',
);
const all = ['console', 'contracts', 'crm', 'customer-view', 'iot-platform', ...packagePaths(...packages)];

export const services = ['crm', 'customer-view', 'iot-platform'];

/** The areas that each area may import. docs/architecture.md shows the same table. */
export const layout: Layout = {
  contracts: [],
  'packages/runtime': [],
  'packages/csv': packagePaths('runtime'),
  'packages/database': packagePaths('runtime'),
  'packages/grpc': packagePaths('runtime'),
  'packages/http': packagePaths('runtime'),
  'packages/projections': packagePaths('runtime'),
  'packages/tracing': packagePaths('runtime'),
  'packages/kafka': packagePaths('projections', 'runtime'),
  'packages/dapr': packagePaths('grpc', 'kafka', 'projections', 'runtime'),
  'packages/embedded': packagePaths('database', 'projections', 'runtime'),
  'packages/view-database': packagePaths('database', 'projections', 'runtime'),
  'packages/platform': packagePaths(
    'dapr',
    'database',
    'embedded',
    'http',
    'kafka',
    'projections',
    'runtime',
    'tracing',
  ),
  'packages/cli': packagePaths('database', 'projections', 'runtime'),
  // Only its server part; the part in console/app runs in the browser and imports nothing of the other areas.
  console: packagePaths('http'),
  crm: ['console', 'contracts', ...technical, 'packages/cli'],
  'customer-view': ['contracts', ...technical],
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
  'crm/orders': ['crm/customers', 'crm/database', 'crm/outbox'],
  'crm/greetings': ['crm/customers', 'crm/idempotency', 'crm/outbox'],
  'crm/imports': ['crm/customers', 'crm/database', 'crm/idempotency', 'crm/outbox'],
  'customer-view/queries': [],
  'customer-view/customers': ['customer-view/queries'],
  'customer-view/orders': ['customer-view/queries'],
  'customer-view/registrations': [],
  'customer-view/greetings': ['customer-view/queries'],
  'customer-view/customer-orders': ['customer-view/customers', 'customer-view/queries', 'customer-view/orders'],
  'customer-view/reports': ['customer-view/queries', 'customer-view/orders', 'customer-view/registrations'],
  'customer-view/instances': [],
  'iot-platform/mandates': [],
};
