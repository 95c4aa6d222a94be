import { join } from 'node:path';

/** A sidecar's own ports. */
export type SidecarPorts = { dapr: number; grpc: number; internal: number };

/** The protocol in which a sidecar calls its app. */
export type AppProtocol = 'grpc' | 'http';

/**
 * Deliveries cost half as much over gRPC. The CRM has none; its sidecar forwards HTTP requests (service invocation). The billing
 * example receives them over HTTP.
 */
const appProtocolOf = (appId: string): AppProtocol => (appId === 'crm' || appId === 'billing' ? 'http' : 'grpc');

/** The arguments of daprd: it listens on loopback, logs warnings only, and leaves its consumer group while its app is down. */
export const createSidecarArguments = (
  appId: string,
  appPort: number,
  ports: SidecarPorts,
  resources: string,
  appProtocol = appProtocolOf(appId),
): string[] =>
  Object.entries({
    'app-id': appId,
    'app-port': appPort,
    'app-protocol': appProtocol,
    'dapr-http-port': ports.dapr,
    'dapr-grpc-port': ports.grpc,
    'dapr-internal-grpc-port': ports.internal,
    'dapr-listen-addresses': '127.0.0.1',
    'dapr-internal-grpc-listen-address': '127.0.0.1',
    'resources-path': resources,
    config: join(resources, 'config.yaml'),
    'max-body-size': '64Mi',
    'log-level': 'warn',
    'enable-metrics': false,
    'enable-app-health-check': true,
    'app-health-check-path': '/healthz',
    'app-health-probe-interval': 1,
    'app-health-probe-timeout': 500,
  }).map(([name, value]) => `--${name}=${value}`);
