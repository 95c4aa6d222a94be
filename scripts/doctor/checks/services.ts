import { quoteWord } from '../../../packages/cli/quote-word.ts';
import { type Deployment, type FoundService, someRuns, startRemedy, usesSidecars } from '../deployment.ts';
import { type Finding, ok, problem, skipped } from '../finding.ts';
import type { Answer } from '../probe-url.ts';
import { isStopped } from '../processes.ts';
import { createCheck } from '../run-checks.ts';

export type ServiceFacts = Pick<FoundService, 'id' | 'url' | 'state' | 'readiness'> & {
  readonly name: string;
  readonly urlVariable: string;
  readonly pid?: number | undefined;
  readonly isStopped: boolean;
  /** What starts it next to the services that run. */
  readonly startCommand: string;
  /** Whether its bus and its store are those of a sidecar; otherwise they are files of its process. */
  readonly hasSidecar: boolean;
};

type ServicesFacts = {
  readonly lab: Deployment['lab'];
  readonly services: readonly ServiceFacts[];
  readonly dataDir: string;
};

export const assessServices = ({ services, lab, dataDir }: ServicesFacts): readonly Finding[] => {
  const silentLab =
    lab === 'silent'
      ? [problem('npm run lab runs, but it does not answer', 'stop it with Ctrl-C, then npm run lab')]
      : [];
  if (services.every(({ state }) => state === 'absent'))
    return [
      ...silentLab,
      skipped(`no service runs: none is recorded in ${dataDir}/running, and none answers at its address`, startRemedy),
    ];
  return [...silentLab, ...services.flatMap(assessService)];
};

const assessService = (facts: ServiceFacts): readonly Finding[] => {
  const { name, url, state, readiness, pid, startCommand, urlVariable } = facts;
  if (state === 'absent') return [problem(`the ${name} does not run: nothing listens at ${url}`, startCommand)];
  if (state === 'other')
    return [problem(`the server at ${url} is not the ${name}`, `export ${urlVariable}=URL, or stop that server`)];
  if (state === 'silent') return [describeSilent(facts)];
  const found = `the ${name} runs at ${url}${pid === undefined ? '' : ` as process ${pid}`}`;
  if (readiness.kind === 'answered' && readiness.status === 200) return [ok(`${found} and is ready`)];
  const failed = failedChecks(readiness);
  if (failed.length === 0)
    return [problem(`${found}, but /readyz does not say that it is ready`, `curl ${url}/readyz`)];
  return failed.map(([check, message]) =>
    problem(`the ${name} is not ready: ${check}: ${message}`, remedyFor(check, facts)),
  );
};

const describeSilent = ({ name, url, pid, isStopped: stopped }: ServiceFacts): Finding => {
  if (pid === undefined)
    return problem(`a program listens at ${url}, but it does not answer`, `curl -m 3 ${url}/healthz`);
  return stopped
    ? problem(`the ${name} at ${url} does not answer: its process ${pid} is stopped`, `kill -CONT ${pid}`)
    : problem(`the ${name} at ${url} does not answer; its process is ${pid}`, `kill ${pid}, then start it again`);
};

const failedChecks = (readiness: Answer): readonly (readonly [string, string])[] => {
  const checks = readiness.kind === 'answered' ? readiness.body.checks : undefined;
  if (typeof checks !== 'object' || checks === null) return [];
  return Object.entries(checks as Record<string, string>).filter(([, outcome]) => outcome !== 'ok');
};

/** The message of a check of /readyz says what is wrong; this is the command that repairs it, or shows more. */
const remedyFor = (check: string, { url, hasSidecar }: ServiceFacts): string => {
  if (check.startsWith('view')) return `npm run status -- --view ${check.split(':')[1] ?? 'mandates'}`;
  const ofStack = stackRemedies[check];
  if (hasSidecar && ofStack) return ofStack;
  return check === 'outbox' ? `curl ${url}/status` : 'stop it, and start it again: npm start';
};
const stackRemedies: Readonly<Record<string, string>> = {
  eventBus: 'npm run stack -- up kafka, and restart a sidecar that does not answer',
  stateStore: 'npm run stack -- up, and restart a sidecar that does not answer',
  database: 'npm run stack -- up mysql',
  redis: 'npm run stack -- up redis',
};

const readServices = (deployment: Deployment): ServicesFacts => ({
  lab: deployment.lab,
  dataDir: deployment.dataDir,
  services: deployment.services.map(({ id, url, state, readiness, address, record }) => ({
    id,
    url,
    state,
    readiness,
    name: address.name,
    urlVariable: address.urlVariable,
    pid: record?.pid,
    isStopped: record !== undefined && isStopped(record.pid),
    startCommand: commandThatStarts(id, deployment),
    hasSidecar: usesSidecars(deployment) ?? false,
  })),
});

/** What starts a service next to those that run. */
export const commandThatStarts = (id: string, deployment: Deployment): string => {
  if (deployment.lab === 'running') return `${deployment.labSettings.prefix}npm run lab -- start ${id}`;
  if (usesSidecars(deployment)) return 'dapr run -f dapr.yaml';
  return someRuns(deployment)
    ? `DATA_DIR=${quoteWord(deployment.dataDir)} node --import tsx ${id}/main.ts`
    : startRemedy;
};

export const services = createCheck({ name: 'services', remedy: startRemedy }, readServices, assessServices);
