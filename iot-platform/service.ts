import type { Codec } from '../contracts/codec.ts';
import { serviceAddresses } from '../contracts/service-addresses.ts';
import { topics } from '../contracts/topics.ts';
import type { Service } from '../packages/platform/service.ts';
import {
  startViewService,
  type ViewServiceConfig,
  type ViewServiceContext,
} from '../packages/platform/view-service/index.ts';
import type { RegisteredView } from '../packages/platform/views.ts';
import { createIotPlatformApp } from './app.ts';
import { iotPlatformViews } from './projections.ts';

/** The codec of the mandates: its records can be decoded only while their schemas can be read. */
const codec: Codec = topics.connectionMandates.codec;

const description = { address: serviceAddresses.iotPlatform, createApp: createIotPlatformApp };

/** Starts the IoT platform. @throws ConfigError when a port cannot be used */
export const startIotPlatform = (
  config: ViewServiceConfig,
  context: ViewServiceContext,
  views: readonly RegisteredView[] = iotPlatformViews,
): Promise<Service & { url: string }> =>
  startViewService({ ...description, views }, config, {
    ...context,
    checks: { ...context.checks, ...(codec.check && { schemaRegistry: codec.check }) },
  });
