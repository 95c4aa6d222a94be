import { isPortTaken } from '../../stack/tcp-probe.ts';
import { type Deployment, someRuns } from '../deployment.ts';
import { type Finding, ok, problem, warning } from '../finding.ts';
import { type FoundProcess, findListener } from '../processes.ts';
import { createCheck } from '../run-checks.ts';

export type PortFacts = {
  readonly service: string;
  readonly port: number;
  readonly variable: string;
  /** `own`: our service listens. `other`: another program does. */
  readonly holder: 'free' | 'own' | 'other';
  readonly process?: FoundProcess | undefined;
  /** Only npm run lab needs the port. */
  readonly isOfLab: boolean;
};

export const assessPorts = (ports: readonly PortFacts[]): readonly Finding[] =>
  ports.flatMap((facts) => {
    const { service, port, holder, isOfLab } = facts;
    if (holder === 'other') return [describeOther(facts)];
    if (isOfLab) return [];
    return [ok(`port ${port} of the ${service} is ${holder === 'free' ? 'free' : 'used by it'}`)];
  });

const describeOther = ({ service, port, variable, process, isOfLab }: PortFacts): Finding => {
  const holder = process ? `process ${process.pid} (${process.command})` : 'another program';
  if (isOfLab)
    return warning(
      `port ${port} is used by ${holder}; npm run lab needs it for ${service}`,
      `LAB_PORTS=33000 npm run lab`,
    );
  const other = `${variable}=${port + 10} npm start`;
  return problem(
    `port ${port} of the ${service} is used by ${holder}`,
    process ? `${other}, or stop that program: kill ${process.pid}` : other,
  );
};

const readPorts = async (deployment: Deployment): Promise<readonly PortFacts[]> => {
  const { services, labSettings } = deployment;
  const own = services.flatMap(({ address, port, record, state }) => {
    if (port === undefined) return [];
    const isOwn = state === 'running' || record !== undefined;
    const holder = isOwn ? ('own' as const) : state === 'absent' ? ('free' as const) : ('other' as const);
    const facts = { service: address.name, port, variable: address.portVariable, holder, isOfLab: false };
    return [{ ...facts, process: holder === 'other' ? findListener(port) : undefined }];
  });
  // While services run, other ports are theirs, their sidecars' or not needed.
  const ofLab = someRuns(deployment) ? [] : Object.values(labSettings.members);
  const lab = ofLab.flatMap(({ name, appPort, url, ports }) =>
    [appPort, ...Object.values(ports)]
      .filter((port) => port !== Number(new URL(url).port))
      .map(async (port): Promise<PortFacts> => {
        const isTaken = await isPortTaken(port);
        const facts = { service: `the sidecar of the ${name}`, port, variable: 'LAB_PORTS', isOfLab: true };
        return { ...facts, holder: isTaken ? 'other' : 'free', process: isTaken ? findListener(port) : undefined };
      }),
  );
  return [...own, ...(await Promise.all(lab))];
};

export const ports = createCheck({ name: 'ports', remedy: 'ss -ltnp' }, readPorts, assessPorts);
