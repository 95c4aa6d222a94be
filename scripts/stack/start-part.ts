import { mkdir, readFile } from 'node:fs/promises';
import { findOwnedProcess, isAlive, logFile, type OwnedProcess, startProcess } from './owned-process.ts';
import { type Part, type Report, silent } from './part.ts';
import { type PartName, parts } from './parts.ts';
import { partFolder } from './settings.ts';
import { isPortTaken } from './tcp-probe.ts';
import { waitUntil } from './wait-until.ts';

/** Starts the part unless a server answers on its port already, provisions it, and resolves when both is done. */
export const startPart = async (name: PartName, report: Report = silent): Promise<void> => {
  const part: Part = parts[name];
  if (await part.probe()) report(`answers already on ${part.port}`);
  else await start(name, part, report);
  await part.provision?.(report);
};

/** Far more than a start takes, because a machine can be busy with other work. A process that ends is reported at once. */
const maxStartSeconds = 240;

const start = async (name: PartName, part: Part, report: Report): Promise<void> => {
  if (process.platform !== 'linux') {
    throw new Error('npm run stack works on Linux only. Use Docker instead: docker compose up -d');
  }
  const folder = partFolder(name);
  const running = findOwnedProcess(folder);
  if (!running && (await isPortTaken(part.port))) return waitForForeignProcess(part);
  const owned = running ?? (await launchPart(folder, part, report));
  const version = await waitUntil(maxStartSeconds, async () => (isAlive(owned) ? part.probe() : 'ended'));
  if (!version || !isAlive(owned)) throw new Error(await describeFailure(folder, name, part, owned));
  report(`${part.title} is up on ${part.port}`);
};

const launchPart = async (folder: string, part: Part, report: Report): Promise<OwnedProcess> => {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const command = await part.prepare(folder, report);
  report('starting');
  return startProcess(folder, command);
};

/** A process that we did not start listens on the port: it may be a container that is still starting. */
const waitForForeignProcess = async ({ probe, port, portVariable, title }: Part): Promise<void> => {
  if (await waitUntil(20, probe)) return;
  throw new Error(
    `Port ${port} is taken by a process that does not answer as ${title}: stop it, or set ${portVariable} to a free port.`,
  );
};

const describeFailure = async (
  folder: string,
  name: PartName,
  { title }: Part,
  owned: OwnedProcess,
): Promise<string> => {
  const what = isAlive(owned)
    ? `does not answer. Restart it: npm run stack -- down ${name}, then npm run stack -- up ${name}`
    : 'ended';
  const lines = (await readFile(logFile(folder), 'utf8')).trimEnd().split('\n').slice(-10);
  return `${title} ${what}. The end of ${logFile(folder)}:\n${lines.join('\n')}`;
};
