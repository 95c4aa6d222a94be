import { readIotPlatformConfig } from '../iot-platform/config.ts';
import { iotPlatformViews } from '../iot-platform/projections.ts';
import type { CommandTarget } from '../packages/platform/open-adapters.ts';
import { type RegisteredView, topicsOf } from '../packages/platform/views.ts';

/** A service with views: how to open its log and stores, and its URL unless `urlVariable` is set. */
export type ViewService = CommandTarget & { readonly urlVariable: string; readonly defaultUrl: string };

export type ServiceView = RegisteredView & { readonly service: ViewService };

export const iotPlatform: ViewService = {
  name: 'IoT platform',
  sidecarPort: 3908,
  topics: topicsOf(iotPlatformViews),
  readConfig: readIotPlatformConfig,
  urlVariable: 'IOT_PLATFORM_URL',
  defaultUrl: 'http://localhost:3008',
};

/** The views of all services, for the commands. Add a line for each service with views. */
export const views: readonly ServiceView[] = iotPlatformViews.map((view) => ({ ...view, service: iotPlatform }));

export const viewOption = { view: { type: 'string' } } as const;

/** Finds the view of that name; without a name the only view. @throws Error that lists the names */
export const findView = (all: readonly ServiceView[], name: string | undefined): ServiceView => {
  const names = all.map(({ projection }) => projection.name).join(', ');
  const [only, ...others] = all;
  if (name === undefined && only && others.length === 0) return only;
  const found = all.find(({ projection }) => projection.name === name);
  if (found) return found;
  throw new Error(
    `${name === undefined ? 'Which view?' : `There is no view ${name}.`} --view NAME with one of: ${names}.`,
  );
};
