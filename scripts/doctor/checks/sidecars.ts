import { connectSidecar, type Sidecar } from '../../../packages/dapr/sidecar.ts';
import { ConfigError } from '../../../packages/runtime/config-error.ts';
import { type Deployment, type FoundService, usesSidecars } from '../deployment.ts';
import { type Finding, ok, problem, skipped } from '../finding.ts';
import { createCheck } from '../run-checks.ts';

export type SidecarFacts = {
  readonly service: string;
  readonly appId: string;
  readonly port: number;
  /** The components that the service needs. */
  readonly needed: readonly string[];
  /** The topics to which it must be subscribed. */
  readonly topics: readonly string[];
  readonly outcome:
    | {
        readonly kind: 'answered';
        readonly appId: string;
        readonly components: readonly string[];
        readonly subscribed: readonly string[];
        /** Whether it reaches its own dependencies. */
        readonly isHealthy: boolean;
        /** Why it does not answer over gRPC, where the service uses that. */
        readonly grpcFailure?: string;
      }
    | { readonly kind: 'token-refused'; readonly message: string }
    | { readonly kind: 'failed'; readonly message: string };
};

export const assessSidecars = (sidecars: readonly SidecarFacts[]): readonly Finding[] =>
  sidecars.length === 0 ? [skipped('no service uses a sidecar')] : sidecars.flatMap(assessSidecar);

const assessSidecar = ({ service, appId, port, needed, topics, outcome }: SidecarFacts): readonly Finding[] => {
  const name = `the sidecar of the ${service} on port ${port}`;
  if (outcome.kind === 'token-refused')
    return [
      skipped(
        `${name} refuses the API token`,
        'export DAPR_API_TOKEN, with the value that the sidecar was started with',
      ),
    ];
  if (outcome.kind === 'failed') return [problem(outcome.message, `npm run lab -- status, or dapr run -f dapr.yaml`)];
  if (outcome.appId !== appId)
    return [
      problem(
        `${name} has app-id ${outcome.appId}, not ${appId}`,
        `restart ${service} and sidecar: dapr run -f dapr.yaml`,
      ),
    ];
  const missing = needed.filter((component) => !outcome.components.includes(component));
  const unsubscribed = topics.filter((topic) => !outcome.subscribed.includes(topic));
  const findings = [
    ...missing.map((component) =>
      problem(
        `${name} has no component ${component}; it has ${outcome.components.join(', ') || 'none'}`,
        'npm run doctor shows the components folder; correct it, or set RESOURCES_PATH, and restart the sidecar',
      ),
    ),
    ...unsubscribed.map((topic) =>
      problem(`${name} is not subscribed to ${topic}`, `npm run lab -- stop ${appId}, then start ${appId}`),
    ),
    ...(outcome.isHealthy
      ? []
      : [problem(`${name} is not healthy`, `curl http://localhost:${port}/v1.0/healthz/outbound`)]),
  ];
  if (outcome.grpcFailure !== undefined)
    findings.push(
      problem(outcome.grpcFailure, `restart the ${service} with the right DAPR_GRPC_PORT, or without it to use HTTP`),
    );
  if (findings.length > 0) return findings;
  const subscriptions = topics.length > 0 ? `, subscribed to ${topics.join(', ')}` : '';
  return [ok(`${name} is healthy, with ${needed.join(', ')}${subscriptions}`)];
};

const readSidecars = async (deployment: Deployment): Promise<readonly SidecarFacts[]> => {
  const found = deployment.services.map((service) => readSidecar(service, deployment));
  return (await Promise.all(found)).filter((sidecar) => sidecar !== undefined);
};

const timeoutMs = 3_000;

/** @returns undefined where the service uses none, as far as it is known */
const readSidecar = async (service: FoundService, deployment: Deployment): Promise<SidecarFacts | undefined> => {
  const { record, env, id, address, config, views } = service;
  if (record && record.sidecarPort === undefined) return undefined;
  const port = record?.sidecarPort ?? deployment.labSettings.members[id].ports.dapr;
  const grpcPort = record?.sidecarGrpcPort;
  const sidecar = connectSidecar({ port, grpcPort, token: env.DAPR_API_TOKEN, timeoutMs });
  try {
    const outcome = await ask(sidecar);
    // A service that is not recorded runs elsewhere, or not at all, so only an answer shows that it has a sidecar.
    const isCertain = record !== undefined || (usesSidecars(deployment) === true && service.state !== 'absent');
    if (outcome.kind === 'failed' && !isCertain) return undefined;
    const store = service.consumerId === 'iot-platform' ? [config.stateStoreName ?? 'statestore'] : [];
    const topics = [...new Set(views.map(({ projection }) => projection.topic.name))];
    return { service: address.name, appId: id, port, needed: [config.pubsub, ...store], topics, outcome };
  } finally {
    sidecar.close();
  }
};

const ask = async (sidecar: Sidecar): Promise<SidecarFacts['outcome']> => {
  try {
    const [metadata, health, grpcFailure] = await Promise.all([
      sidecar.metadata(),
      sidecar.call('GET', '/healthz/outbound'),
      sidecar.grpc?.check().catch((error: Error) => error.message),
    ]);
    return {
      kind: 'answered',
      appId: metadata.id,
      components: metadata.components.map(({ name }) => name),
      subscribed: (metadata.subscriptions ?? []).map(({ topic }) => topic),
      isHealthy: health.status === 204,
      ...(grpcFailure && { grpcFailure }),
    };
  } catch (error) {
    const { message } = error as Error;
    return error instanceof ConfigError ? { kind: 'token-refused', message } : { kind: 'failed', message };
  }
};

export const sidecars = createCheck(
  { name: 'sidecars', remedy: 'npm run lab -- status' },
  readSidecars,
  assessSidecars,
);
