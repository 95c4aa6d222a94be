/**
 * Ports of the tests' own stack and services, which differ from the lab's. TEST_PORTS moves all of them, so that two test runs can
 * share a machine.
 */
const base = Number(process.env.TEST_PORTS || 21_000);

const crm = { rest: base + 5, dapr: base + 905, grpc: base + 906, internal: base + 907 };
const iotPlatform = (n: number) => ({
  rest: base + 8 + 10 * n,
  app: base + 2 + 10 * n,
  dapr: base + 908 + 10 * n,
  grpc: base + 909 + 10 * n,
  // The ports from base + 920 are those of the customer-views' sidecars.
  internal: base + 913 + 10 * n,
});
const customerView = (n: number) => ({
  rest: base + 10 + 10 * n,
  app: base + 11 + 10 * n,
  dapr: base + 920 + 10 * n,
  grpc: base + 921 + 10 * n,
  internal: base + 922 + 10 * n,
});

export const ports = {
  /** LAB_PORTS of a lab that uses the ports of `crm`, `iotPlatforms[0]` and `customerViews[0]`. */
  lab: base,
  kafka: base + 92,
  redis: base + 379,
  mysql: base + 306,
  zipkin: base + 411,
  schemaRegistry: base + 412,
  crm,
  customerViews: [customerView(0), customerView(1), customerView(2), customerView(3)],
  iotPlatforms: [iotPlatform(0), iotPlatform(1), iotPlatform(2), iotPlatform(3)],
  /** The first of some hundred ports for single tests. */
  free: base + 420,
} as const;

/** The index of an instance of the IoT platform or the customer-view. */
export type Instance = 0 | 1 | 2 | 3;

/** Environment of scripts/stack, which reads it when it is imported. */
export const stackEnvironment = {
  STACK_DIR: base === 21_000 ? '.data/test-stack' : `.data/test-stack-${base}`,
  KAFKA_PORT: String(ports.kafka),
  REDIS_PORT: String(ports.redis),
  MYSQL_PORT: String(ports.mysql),
  ZIPKIN_PORT: String(ports.zipkin),
  SCHEMA_REGISTRY_PORT: String(ports.schemaRegistry),
};
