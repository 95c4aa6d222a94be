/** Ports of the tests' own stack and services: whoever runs the lab on the usual ones is not disturbed. */
export const ports = {
  kafka: 21_092,
  redis: 21_379,
  mysql: 21_306,
  zipkin: 21_411,
  crm: { rest: 21_005, dapr: 21_905, grpc: 21_906, internal: 21_907 },
  iotPlatforms: [
    { rest: 21_008, app: 21_002, dapr: 21_908, grpc: 21_909, internal: 21_910 },
    { rest: 21_018, app: 21_012, dapr: 21_918, grpc: 21_919, internal: 21_920 },
  ],
} as const;

/** For scripts/stack, which reads it when it is first imported. */
export const stackEnvironment = {
  STACK_DIR: '.data/test-stack',
  KAFKA_PORT: String(ports.kafka),
  REDIS_PORT: String(ports.redis),
  MYSQL_PORT: String(ports.mysql),
  ZIPKIN_PORT: String(ports.zipkin),
};
