/**
 * Ports of the tests' own stack and services: whoever runs the lab on the usual ones is not disturbed. TEST_PORTS moves
 * them all, so that two test runs on one machine do not meet.
 */
const base = Number(process.env.TEST_PORTS || 21_000);

const crm = { rest: base + 5, dapr: base + 905, grpc: base + 906, internal: base + 907 };
const iotPlatform = (n: number) => ({
  rest: base + 8 + 10 * n,
  app: base + 2 + 10 * n,
  dapr: base + 908 + 10 * n,
  grpc: base + 909 + 10 * n,
  internal: base + 910 + 10 * n,
});

export const ports = {
  /** LAB_PORTS of a lab on the ports of `crm` and of the first of `iotPlatforms`. */
  lab: base,
  kafka: base + 92,
  redis: base + 379,
  mysql: base + 306,
  zipkin: base + 411,
  crm,
  iotPlatforms: [iotPlatform(0), iotPlatform(1), iotPlatform(2), iotPlatform(3)],
  /** From here on a test may take ports one after the other, some hundred. */
  free: base + 420,
} as const;

/** Which of the IoT platform's instances. */
export type Instance = 0 | 1 | 2 | 3;

/** For scripts/stack, which reads it when it is first imported. */
export const stackEnvironment = {
  STACK_DIR: base === 21_000 ? '.data/test-stack' : `.data/test-stack-${base}`,
  KAFKA_PORT: String(ports.kafka),
  REDIS_PORT: String(ports.redis),
  MYSQL_PORT: String(ports.mysql),
  ZIPKIN_PORT: String(ports.zipkin),
};
