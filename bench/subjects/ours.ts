import { startMeasuring, type Usage } from '../measure/usage.ts';
import { createComponentsFolder } from '../stack/components.ts';
import { type Configuration, type RunningService, startIotPlatform } from '../stack/platform.ts';
import { pidOf } from '../stack/stack.ts';
import { waitForView } from '../stack/view.ts';
import { checkView, emptyMysql, emptyRedis, readDaprMysql, readDaprRedis } from '../stack/view-check.ts';
import type { Run, Subject } from './subject.ts';

export const defaultConfiguration: Configuration = { name: 'default', components: 'dapr-components' };
export const fastConfiguration: Configuration = {
  name: 'fast',
  components: 'dapr-components/variants/fast',
  sidecarEnv: { GOGC: '400' },
};

const stores = {
  redis: { name: 'statestore', empty: emptyRedis, read: readDaprRedis },
  mysql: { name: 'durable-statestore', empty: emptyMysql, read: readDaprMysql },
};
type Store = keyof typeof stores;

let groups = 0;
export const newGroup = (): string => `bench-${process.pid}-${++groups}`;

/** The IoT platform of this project behind its sidecar. */
export const createOwnSubject = (store: Store, configuration: Configuration): Subject => ({
  id: `ours-${configuration.name}`,
  title: `this project, ${configuration.name}`,
  configuration: configuration.components,
  run: async (work) => {
    const { name, empty, read } = stores[store];
    await empty();
    const resources = createComponentsFolder(configuration.components, newGroup());
    const member = await startIotPlatform(resources, { ...configuration, env: { STATESTORE_NAME: name } });
    try {
      const measured = await follow(member, work.events, store);
      await checkView(work, read);
      return measured;
    } finally {
      await member.end();
    }
  },
});

/** Measures from the first events in the view, which are not counted, to the last one. */
const follow = async (member: RunningService, events: number, store: Store): Promise<Run> => {
  const pids = { app: member.app.pid, daprd: member.sidecar.pid, [store]: pidOf(store), kafka: pidOf('kafka') };
  let first: { at: number; applied: number; readUsage: () => Usage } | undefined;
  await waitForView(member, events, (applied) => {
    first ??= { at: performance.now(), applied, readUsage: startMeasuring(pids) };
  });
  if (!first || first.applied === events) throw new Error('the work is too small to be measured');
  return { events: events - first.applied, seconds: (performance.now() - first.at) / 1000, usage: first.readUsage() };
};
