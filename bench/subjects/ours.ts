import { observe, type Usage } from '../measure/usage.ts';
import { componentsFolder } from '../stack/components.ts';
import { type Configuration, type Member, startIotPlatform } from '../stack/platform.ts';
import { pidOf } from '../stack/stack.ts';
import { untilViewHas } from '../stack/view.ts';
import { checkView, emptyMysql, emptyRedis, readDaprMysql, readDaprRedis } from '../stack/view-check.ts';
import type { Contestant, Pass } from './subject.ts';

export const inOneComponent: Configuration = { name: 'default', components: 'dapr-components' };
export const inFourComponents: Configuration = {
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
export const ownGroup = (): string => `bench-${process.pid}-${++groups}`;

/** The IoT platform as it is, behind its sidecar. */
export const ours = (store: Store, configuration: Configuration): Contestant => ({
  id: `ours-${configuration.name}`,
  title: `this project, ${configuration.name}`,
  configuration: configuration.components,
  pass: async (work) => {
    const { name, empty, read } = stores[store];
    await empty();
    const resources = componentsFolder(configuration.components, ownGroup());
    const member = await startIotPlatform(resources, { ...configuration, env: { STATESTORE_NAME: name } });
    try {
      const pass = await follow(member, work.events, store);
      await checkView(work, read);
      return pass;
    } finally {
      await member.end();
    }
  },
});

/** From the moment at which the first events are seen in the view, which are not counted, to the last one. */
const follow = async (member: Member, events: number, store: Store): Promise<Pass> => {
  const pids = { app: member.app.pid, daprd: member.sidecar.pid, [store]: pidOf(store), kafka: pidOf('kafka') };
  let first: { at: number; followed: number; used: () => Usage } | undefined;
  await untilViewHas(member, events, (followed) => {
    first ??= { at: performance.now(), followed, used: observe(pids) };
  });
  if (!first || first.followed === events) throw new Error('the work is too small to be measured');
  return { events: events - first.followed, seconds: (performance.now() - first.at) / 1000, usage: first.used() };
};
