import { join } from 'node:path';
import { startMeasuring, type Usage } from '../measure/usage.ts';
import type { Checkout } from '../stack/checkout.ts';
import { createComponentsFolder } from '../stack/components.ts';
import { type Configuration, type RunningService, startIotPlatform } from '../stack/platform.ts';
import { pidOf } from '../stack/stack.ts';
import { emptyMysql, emptyRedis, type StoreName } from '../stack/stores.ts';
import { waitForView } from '../stack/view.ts';
import { checkView, readDaprMysql, readDaprRedis } from '../stack/view-check.ts';
import type { Run, Subject } from './subject.ts';

const fast = 'dapr-components/variants/fast';
export const defaultConfiguration: Configuration = { name: 'default', components: 'dapr-components' };
export const fastConfiguration: Configuration = { name: 'fast', components: fast, sidecarEnv: { GOGC: '400' } };
export const fourConfiguration: Configuration = { name: 'four components', components: fast };

const stores = {
  redis: { name: 'statestore', empty: emptyRedis, read: readDaprRedis },
  mysql: { name: 'durable-statestore', empty: emptyMysql, read: readDaprMysql },
};

let groups = 0;
export const newGroup = (): string => `bench-${process.pid}-${++groups}`;

/** Instances of the IoT platform in one consumer group. `end` kills all of them. */
export type Members = { group: string; resources: string; members: readonly RunningService[]; end(): Promise<void> };

/** Starts instances of a version of the IoT platform in a new consumer group. */
export const startMembers = async (
  { folder }: Checkout,
  { components, ...environments }: Configuration,
  { instances = 1, store = 'redis' }: { instances?: number; store?: StoreName } = {},
): Promise<Members> => {
  const group = newGroup();
  const resources = createComponentsFolder(join(folder, components), group);
  const env = { ...environments.env, CONSUMER_GROUP: group, STATESTORE_NAME: stores[store].name };
  const members: RunningService[] = [];
  const end = async () => void (await Promise.all(members.map((member) => member.end())));
  try {
    for (let instance = 0; instance < instances; instance++)
      members.push(await startIotPlatform(resources, { ...environments, env }, instance, folder));
    return { group, resources, members, end };
  } catch (error) {
    await end();
    throw error;
  }
};

/** A version of the IoT platform behind its sidecar. */
export const createOwnSubject = (store: StoreName, configuration: Configuration, checkout: Checkout): Subject => ({
  id: `${checkout.id}-${configuration.name.replace(' ', '-')}`,
  title: `${checkout.title}, ${configuration.name}`,
  configuration: [
    configuration.components,
    ...Object.entries(configuration.sidecarEnv ?? {}).map(([name, value]) => `${name}=${value}`),
  ].join(', '),
  run: async (work) => {
    const { empty, read } = stores[store];
    await empty();
    const started = await startMembers(checkout, configuration, { store });
    try {
      const measured = await follow(started.members, work.events, store);
      await checkView(work, read);
      return measured;
    } finally {
      await started.end();
    }
  },
});

/** Measures from the first events in the view, which are not counted, to the last one. */
export const follow = async (
  members: readonly RunningService[],
  events: number,
  store: StoreName = 'redis',
): Promise<Run> => {
  const pids = {
    app: members.map(({ app }) => app.pid),
    daprd: members.map(({ sidecar }) => sidecar.pid),
    [store]: pidOf(store),
    kafka: pidOf('kafka'),
  };
  let first: { at: number; applied: number; readUsage: () => Usage } | undefined;
  const onProgress = (applied: number) => {
    first ??= { at: performance.now(), applied, readUsage: startMeasuring(pids) };
  };
  await waitForView(members, events, { store, onProgress });
  if (!first || first.applied === events) throw new Error('the work is too small to be measured');
  return { events: events - first.applied, seconds: (performance.now() - first.at) / 1000, usage: first.readUsage() };
};
