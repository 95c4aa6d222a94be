/** Ports of the benchmark's own stack: neither the lab nor the tests are disturbed. */
export const ports = {
  kafka: 25_092,
  redis: 25_379,
  mysql: 25_306,
  crm: { rest: 25_005, app: 25_005, dapr: 25_905, grpc: 25_906, internal: 25_907 },
  iotPlatforms: [
    { rest: 25_008, app: 25_002, dapr: 25_908, grpc: 25_909, internal: 25_910 },
    { rest: 25_018, app: 25_012, dapr: 25_918, grpc: 25_919, internal: 25_920 },
  ],
} as const;

/** For scripts/stack, which reads it when it is first imported. */
export const stackEnvironment = {
  STACK_DIR: '.data/bench-stack',
  KAFKA_PORT: String(ports.kafka),
  REDIS_PORT: String(ports.redis),
  MYSQL_PORT: String(ports.mysql),
};

export const broker = `127.0.0.1:${ports.kafka}`;
