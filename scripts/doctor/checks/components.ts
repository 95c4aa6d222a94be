import { quoteWord } from '../../../packages/cli/quote-word.ts';
import {
  type Component,
  consumerGroupOf,
  findUnreadableFiles,
  readComponents,
  readResourcesPath,
  type UnreadableFile,
} from '../../components.ts';
import type { Deployment } from '../deployment.ts';
import { type Finding, ok, problem, warning } from '../finding.ts';
import { createCheck } from '../run-checks.ts';

export type ComponentsFacts = {
  readonly folder: string;
  /** Why the folder cannot be read; then nothing of it is known. */
  readonly folderError?: string;
  readonly unreadable: readonly UnreadableFile[];
  readonly components: readonly Component[];
  /** The names that the configuration of a service has. */
  readonly needed: readonly { readonly service: string; readonly name: string; readonly kind: 'pubsub' | 'state' }[];
  /** The consumer group of each service that consumes, as its YAML or CONSUMER_GROUP has it. */
  readonly groups: readonly { readonly service: string; readonly group: string }[];
};

/** Checks the components folder, from which the sidecars read. */
export const assessComponents = ({
  folder,
  folderError,
  unreadable,
  components,
  needed,
  groups,
}: ComponentsFacts): readonly Finding[] => {
  const useOwnFolder = folder === readResourcesPath({}) ? `git checkout ${folder}` : 'unset RESOURCES_PATH';
  if (folderError !== undefined) return [problem(folderError, useOwnFolder)];
  const findings = [
    ...unreadable.map(({ file, reason }) => problem(`${file} cannot be read: ${reason}`, `edit ${quoteWord(file)}`)),
    ...needed.flatMap(({ service, name, kind }) => {
      const component = components.find((one) => one.name === name);
      if (!component)
        return [problem(`no file of ${folder} has a component ${name}, which the ${service} needs`, useOwnFolder)];
      return component.type.startsWith(`${kind}.`)
        ? []
        : [problem(`${component.file}: ${name} is ${component.type}, not ${kind}.…`, `edit ${component.file}`)];
    }),
    ...findDuplicates(components),
    ...findSharedGroups(groups, components),
    ...findSplitGroups(needed, components),
    ...components.flatMap(({ file, name, type, metadata: { initialOffset } }) => {
      const consumes = needed.some((one) => one.name === name && groups.some(({ service }) => service === one.service));
      return type === 'pubsub.kafka' && consumes && initialOffset !== 'oldest'
        ? [
            warning(
              `${file}: ${name} has initialOffset ${initialOffset ?? 'newest (the default)'}, so a new consumer group skips all history`,
              `edit ${file}: initialOffset: oldest`,
            ),
          ]
        : [];
    }),
  ];
  return findings.length > 0
    ? findings
    : [ok(`the ${components.length} components of ${folder} are as the services expect`)];
};

const findDuplicates = (components: readonly Component[]): Finding[] =>
  components.flatMap(({ name, file }, n) => {
    const other = components.slice(0, n).find((one) => one.name === name);
    return other ? [problem(`${file} and ${other.file} both have the component ${name}`, `remove one of them`)] : [];
  });

/** Services in one group disturb each other: each rebalance and each reset concerns both. */
const findSharedGroups = (groups: ComponentsFacts['groups'], components: readonly Component[]): Finding[] =>
  groups.flatMap(({ service, group }, n) => {
    const other = groups.slice(0, n).find((one) => one.group === group);
    if (!other) return [];
    const file = components.find(({ metadata }) => metadata.consumerGroup === group)?.file;
    return [
      warning(
        `the ${other.service} and the ${service} share the consumer group ${group}, so a rebalance or a reset concerns both`,
        file ? `edit consumerGroup in ${file}` : 'unset CONSUMER_GROUP',
      ),
    ];
  });

/** The components of variants/fast deliver the partitions of one group; in two groups each event would be delivered twice. */
const findSplitGroups = (needed: ComponentsFacts['needed'], components: readonly Component[]): Finding[] =>
  needed.flatMap(({ name, kind }) => {
    const first = kind === 'pubsub' ? components.find((one) => one.name === name) : undefined;
    const others = components.filter((one) => first?.metadata.consumerGroup && one.name.startsWith(`${name}-`));
    return others
      .filter(({ metadata }) => metadata.consumerGroup !== first?.metadata.consumerGroup)
      .map((other) =>
        warning(
          `${other.name} has the consumer group ${other.metadata.consumerGroup ?? 'of its app-id'} and ${name} has ${first?.metadata.consumerGroup}, so events are delivered once for each group`,
          `edit consumerGroup in ${quoteWord(other.file)}`,
        ),
      );
  });

const readFolder = ({ services, env }: Deployment): ComponentsFacts => {
  const folder = readResourcesPath(env);
  let components: readonly Component[];
  try {
    components = readComponents(folder);
  } catch (error) {
    return { folder, folderError: (error as Error).message, unreadable: [], components: [], needed: [], groups: [] };
  }
  const needed = services.flatMap(({ address: { name: service }, config, consumerId }) => [
    { service, name: config.pubsub, kind: 'pubsub' as const },
    ...(consumerId === 'iot-platform' && config.stateStoreName
      ? [{ service, name: config.stateStoreName, kind: 'state' as const }]
      : []),
  ]);
  const groups = services.flatMap(({ address, consumerId, env: own }) =>
    consumerId ? [{ service: address.name, group: consumerGroupOf(consumerId, own, components) }] : [],
  );
  return { folder, unreadable: findUnreadableFiles(folder), components, needed, groups };
};

export const components = createCheck(
  { name: 'components', remedy: 'export RESOURCES_PATH=dapr-components' },
  readFolder,
  assessComponents,
);
