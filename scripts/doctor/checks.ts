import { blockedPartitions } from './checks/blocked-partitions.ts';
import { canary } from './checks/canary.ts';
import { clocks } from './checks/clocks.ts';
import { components } from './checks/components.ts';
import { configuration } from './checks/configuration.ts';
import { disk } from './checks/disk.ts';
import { node, packages } from './checks/installation.ts';
import { groups, topics } from './checks/kafka.ts';
import { outbox } from './checks/outbox.ts';
import { ports } from './checks/ports.ts';
import { schemaRegistry } from './checks/schema-registry.ts';
import { services } from './checks/services.ts';
import { sidecars } from './checks/sidecars.ts';
import { stores } from './checks/stores.ts';
import { views } from './checks/views.ts';
import type { Check } from './run-checks.ts';

/** All checks in the order in which they are printed. They run at the same time; only the canary changes something. */
export const checks: readonly Check[] = [
  node,
  packages,
  configuration,
  ports,
  services,
  components,
  sidecars,
  topics,
  groups,
  stores,
  views,
  outbox,
  schemaRegistry,
  blockedPartitions,
  clocks,
  disk,
];

export { canary };
