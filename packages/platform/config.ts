import { z } from 'zod';
import { type AccessRules, hostList, originList } from '../http/access-rules.ts';
import { operatorToken } from '../http/operator-token.ts';
import { port } from '../runtime/environment.ts';
import { createTracingSettings, type TracingSettings, tracingVariables } from '../tracing/settings.ts';
import type { PlatformSettings } from './open-platform.ts';

/** The variables that all services share. */
export const commonSettings = {
  HOST: z.string().default('127.0.0.1'),
  /** Host names of the service in addition to loopback; host or host:port, comma-separated. */
  ALLOWED_HOSTS: hostList.default([]),
  /** Origins whose pages may change data; comma-separated. */
  ALLOWED_ORIGINS: originList.default([]),
  /** The token of the operator, who may repair views and see dead letters. Unset: such requests are refused. */
  OPERATOR_TOKEN: operatorToken.optional(),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'], 'trace, debug, info, warn, error or silent')
    .default('info'),
  /** The folder of the embedded adapters' file. */
  DATA_DIR: z.string().default('.data'),
  /** Set by `dapr run`; if it is set, the service uses Dapr. */
  DAPR_HTTP_PORT: port().optional(),
  /** Set by `dapr run`; if it is set, the service reads and writes state over gRPC. */
  DAPR_GRPC_PORT: port().optional(),
  DAPR_API_TOKEN: z.string().optional(),
  /** The token that the sidecar sends with each delivery. */
  APP_API_TOKEN: z.string().optional(),
  /** The brokers, with which the service checks topics and reads offsets and records; host:port, comma-separated. */
  KAFKA_BROKERS: z.string().default('localhost:9092'),
  ...tracingVariables,
};

type CommonSettings = z.infer<z.ZodObject<typeof commonSettings>>;

export type CommonConfig = PlatformSettings & {
  host: string;
  access: AccessRules;
  operatorToken: string | undefined;
  logLevel: string;
  tracing: TracingSettings;
};

/** Creates the common part of a service's configuration; without DAPR_HTTP_PORT `dapr` is undefined. */
export const createCommonConfig = (settings: CommonSettings): CommonConfig => ({
  host: settings.HOST,
  access: { hosts: settings.ALLOWED_HOSTS, origins: settings.ALLOWED_ORIGINS },
  operatorToken: settings.OPERATOR_TOKEN,
  logLevel: settings.LOG_LEVEL,
  dataDir: settings.DATA_DIR,
  tracing: createTracingSettings(settings),
  dapr:
    settings.DAPR_HTTP_PORT === undefined
      ? undefined
      : {
          sidecarPort: settings.DAPR_HTTP_PORT,
          sidecarGrpcPort: settings.DAPR_GRPC_PORT,
          sidecarToken: settings.DAPR_API_TOKEN,
          appToken: settings.APP_API_TOKEN,
          kafkaBrokers: settings.KAFKA_BROKERS.split(','),
        },
});
