const defaultBase = 25_000;
/** The highest port is less than a thousand above the base. */
const [lowest, highest] = [1_024, 64_000];

/** Commands import the ports before they can catch an error, so a wrong base ends the process here. */
const readBaseOrExit = (text: string | undefined): number => {
  const number = Number(text || defaultBase);
  if (Number.isInteger(number) && number >= lowest && number <= highest) return number;
  console.error(
    `BENCH_PORTS=${text} is invalid: give a number from ${lowest} to ${highest}, or unset it for ${defaultBase}.`,
  );
  process.exit(1);
};

const base = readBaseOrExit(process.env.BENCH_PORTS);

/** Ports of the benchmark's own stack, which differ from those of the lab and of the tests. BENCH_PORTS moves them. */
export const ports = {
  kafka: base + 92,
  redis: base + 379,
  mysql: base + 306,
  crm: { rest: base + 5, app: base + 5, dapr: base + 905, grpc: base + 906, internal: base + 907 },
  iotPlatforms: [8, 18, 28, 38].map((rest) => ({
    rest: base + rest,
    app: base + rest - 6,
    dapr: base + 900 + rest,
    grpc: base + 901 + rest,
    internal: base + 902 + rest,
  })),
} as const;

/** Environment of scripts/stack, which reads it when it is imported. */
export const stackEnvironment = {
  STACK_DIR: '.data/bench-stack',
  KAFKA_PORT: String(ports.kafka),
  REDIS_PORT: String(ports.redis),
  MYSQL_PORT: String(ports.mysql),
};

export const broker = `127.0.0.1:${ports.kafka}`;
