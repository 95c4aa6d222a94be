import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { sidecarArguments } from './sidecar-arguments.ts';
import { isTaken } from './stack/converse.ts';
import { ensureDaprd } from './stack/daprd.ts';
import { partNames } from './stack/parts.ts';
import { startPart } from './stack/start-part.ts';

const help = `Usage: npm run lab
Starts the stack (Kafka, Redis, MariaDB, Zipkin), both services and their Dapr sidecars, and prints what to try.
A sidecar that ends is started again; a service that ends ends the lab. Ctrl-C stops services and sidecars; the stack
goes on: npm run stack -- down

Environment, beside that of the services (see .env.example):
  RESOURCES_PATH   the Dapr components (dapr-components)`;

const resources = process.env.RESOURCES_PATH || 'dapr-components';
const token = randomBytes(16).toString('hex');
const members = [
  {
    id: 'crm',
    main: 'crm/main.ts',
    env: {},
    appPort: 3005,
    ports: { dapr: 3905, grpc: 3906, internal: 3907 },
  },
  {
    id: 'iot-platform',
    main: 'iot-platform/main.ts',
    env: { APP_REST_PORT: '3008' },
    appPort: 5002,
    ports: { dapr: 3908, grpc: 3909, internal: 3910 },
  },
];

const walkThrough = `
  CRM           http://localhost:3005     sidecar http://localhost:3905
  IoT platform  http://localhost:3008     sidecar http://localhost:3908
  Traces        http://localhost:9411

  Try:
    curl 'http://localhost:3008/?connectionId=7733'
    curl -X POST http://localhost:3005/customers/7 -H 'Content-Type: application/json' -d '{"firstName":"Corinne","lastName":"Lopez","city":"Enschede","connectionId":"7733","connectionMandate":"2"}'
    curl 'http://localhost:3008/?connectionId=7733'
    curl http://localhost:3008/readyz

  Ctrl-C stops services and sidecars.
`;

const readyWithinMs = 60_000;

const running = new Set<ChildProcess>();
let stopping = false;

const run = (name: string, program: string, args: string[], env: Record<string, string>) => {
  // A group of its own: Ctrl-C reaches us alone, and we stop each once.
  const child = spawn(program, args, {
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, APP_API_TOKEN: token, ...env },
  });
  running.add(child);
  const ended = once(child, 'exit').then(([code, signal]) => {
    running.delete(child);
    if (!stopping) console.error(`${name} ended with ${signal ?? code}`);
  });
  return ended;
};

const keepSidecar = async (daprd: string, { id, appPort, ports }: (typeof members)[number]) => {
  while (!stopping) {
    await run(`the sidecar of ${id}`, daprd, sidecarArguments(id, appPort, ports, resources), {});
    if (!stopping) await delay(1_000);
  }
};

const stop = async (exitCode: number) => {
  stopping = true;
  const children = [...running];
  for (const child of children) child.kill('SIGTERM');
  await Promise.all(children.map((child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')));
  process.exit(exitCode);
};

const untilReady = async (url: string) => {
  const deadline = performance.now() + readyWithinMs;
  for (;;) {
    const answer = await fetch(url).then(
      async (response) => ({ ready: response.ok, said: await response.text() }),
      (error: Error) => ({ ready: false, said: error.message }),
    );
    if (answer.ready) return;
    if (performance.now() > deadline) throw new Error(`${url} is not ready: ${answer.said}`);
    await delay(100);
  }
};

const lab = async () => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(0));
  for (const port of members.flatMap(({ appPort, ports }) => [appPort, ...Object.values(ports)]))
    if (await isTaken(port))
      throw new Error(`Port ${port} is taken: is a lab, or what it left, still running? Stop that first.`);
  const say = (name: string) => (line: string) => console.log(`${name.padEnd(6)} ${line}`);
  const parts = partNames.map((name) => startPart(name, say(name)));
  const [daprd] = await Promise.all([ensureDaprd(say('daprd')), ...parts]);
  for (const member of members) {
    const env = {
      APP_PORT: String(member.appPort),
      DAPR_HTTP_PORT: String(member.ports.dapr),
      ZIPKIN_URL: 'http://localhost:9411/api/v2/spans',
      ...member.env,
    };
    void run(member.id, process.execPath, ['--import', 'tsx', member.main], env).then(() => stopping || stop(1));
    void keepSidecar(daprd, member);
  }
  await Promise.all(['http://localhost:3005/readyz', 'http://localhost:3008/readyz'].map(untilReady));
  console.log(walkThrough);
};

if (process.argv.includes('--help')) console.log(help);
else
  await lab().catch((error: Error) => {
    console.error(error.message);
    return stop(1);
  });
