import { randomBytes } from 'node:crypto';
import { findListeningProcess } from '../../packages/runtime/listening-process.ts';
import { createSerialQueue } from '../../packages/runtime/serial-queue.ts';
import { ensureDaprd } from '../stack/daprd.ts';
import { startPart } from '../stack/start-part.ts';
import { isPortTaken } from '../stack/tcp-probe.ts';
import { serveLab } from './control-socket.ts';
import { handleLabRequest } from './handle-lab-request.ts';
import { describeMissingRegistry, listLabParts } from './lab-parts.ts';
import { removeLabToken, writeLabToken } from './lab-token.ts';
import { createMember } from './member.ts';
import { type MemberId, type MemberPlan, memberIds, readLabSettings } from './settings.ts';
import { createSidecarTracing } from './sidecar-tracing.ts';
import { formatRemedies, formatWalkThrough } from './texts.ts';
import { watchReadiness } from './watch-readiness.ts';

type LabOptions = { readonly showsAllLogs: boolean; readonly others: readonly MemberId[] };

/**
 * Runs the stack, the services and their sidecars until a signal arrives or a service ends.
 * @param showsAllLogs prints the expected messages of the sidecars as well
 * @param others the members that run in addition to the services of the platform
 */
export const runLab = async ({ showsAllLogs, others }: LabOptions): Promise<void> => {
  const settings = readLabSettings(process.env);
  const tracing = createSidecarTracing(process.env);
  const ending = new AbortController();
  let stopMembers = async (): Promise<unknown> => undefined;
  const stop = async (exitCode: number) => {
    if (ending.signal.aborted) return;
    ending.abort();
    console.log(`${process.stdout.isTTY ? '\n' : ''}stopping services and sidecars …`);
    await stopMembers();
    console.log('stopped');
    process.exit(exitCode);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(0));

  const ids = [...memberIds, ...others];
  await refuseTakenPorts(ids.map((id) => settings.members[id]));
  const reportOf = (name: string) => (line: string) => console.log(`${name.padEnd(6)} ${line}`);
  const parts = listLabParts(process.env).map((name) =>
    startPart(name, reportOf(name)).catch((error: Error) => {
      throw new Error(`${name}: ${error.message}`);
    }),
  );
  const [daprd] = await Promise.all([ensureDaprd(reportOf('daprd')), ...parts]);
  const missingRegistry = await describeMissingRegistry(process.env);
  if (missingRegistry) console.log(missingRegistry);

  const tokens = {
    APP_API_TOKEN: process.env.APP_API_TOKEN || newToken(),
    DAPR_API_TOKEN: process.env.DAPR_API_TOKEN || newToken(),
    OPERATOR_TOKEN: process.env.OPERATOR_TOKEN || newToken(),
  };
  const context = {
    daprd,
    resources: settings.resources,
    tokens,
    tracing,
    showsAllLogs,
    onServiceEnd: () => void stop(1),
  };
  const members = ids.map((id) => createMember(settings.members[id], context));
  const oneAtATime = createSerialQueue();
  const control = await serveLab(settings.socket, (request) => {
    const handle = async () => {
      // A member that starts while the lab stops the others would outlive the lab.
      if (ending.signal.aborted) throw new Error('The lab is ending.');
      return handleLabRequest(request, members, settings);
    };
    return request.command === 'start' || request.command === 'stop' ? oneAtATime(handle) : handle();
  });
  stopMembers = async () => {
    control.close();
    removeLabToken(settings.tokenFile);
    await Promise.all(members.map((member) => member.stop()));
  };
  try {
    if (ending.signal.aborted) return;
    writeLabToken(settings.tokenFile, tokens.DAPR_API_TOKEN);
    for (const member of members) member.start({});
    if (!process.env.OPERATOR_TOKEN) console.log(`Operator token  ${tokens.OPERATOR_TOKEN}`);
    await watchReadiness({
      members,
      print: console.log,
      texts: {
        walkThrough: formatWalkThrough(settings, ids),
        remedies: (member, view) => formatRemedies(settings, member, view),
      },
      signal: ending.signal,
    });
  } catch (error) {
    console.error((error as Error).message);
    await stop(1);
  }
};

/** @throws Error that names all taken ports and, where it is known, the processes that use them */
const refuseTakenPorts = async (members: readonly MemberPlan[]): Promise<void> => {
  const wanted = members.flatMap(({ appPort, url, ports }) => [
    appPort,
    Number(new URL(url).port),
    ...Object.values(ports),
  ]);
  const taken: string[] = [];
  for (const port of new Set(wanted)) {
    if (!(await isPortTaken(port))) continue;
    const user = findListeningProcess(port);
    taken.push(
      `Port ${port} is taken${user ? ` by process ${user.pid} (${user.command})` : ', perhaps by another lab'}.`,
    );
  }
  if (taken.length > 0) throw new Error(`${taken.join('\n')}\nStop what uses them, or set LAB_PORTS.`);
};

const newToken = () => randomBytes(16).toString('hex');
