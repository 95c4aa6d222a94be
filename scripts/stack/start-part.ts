import { mkdir, readFile } from 'node:fs/promises';
import { isAlive, logOf, type OwnedProcess, ownedProcess, startProcess } from './owned-process.ts';
import { type Part, type Say, silent } from './part.ts';
import { type PartName, parts } from './parts.ts';
import { partFolder } from './settings.ts';
import { isTaken } from './tcp-probe.ts';
import { waitUntil } from './wait-until.ts';

/**
 * Makes the part answer, and what has to be in it be there; resolves when both is so.
 * What answers on the port already, ours or not, is used as it is.
 */
export const startPart = async (name: PartName, say: Say = silent): Promise<void> => {
  const part: Part = parts[name];
  if (await part.probe()) say(`answers already on ${part.port}`);
  else await start(name, part, say);
  await part.furnish?.(say);
};

const start = async (name: PartName, part: Part, say: Say): Promise<void> => {
  if (process.platform !== 'linux') {
    throw new Error('This runs on Linux only; elsewhere use Docker: docker compose up -d');
  }
  const folder = partFolder(name);
  const running = ownedProcess(folder);
  if (!running && (await isTaken(part.port))) return waitForStranger(part);
  const owned = running ?? (await launch(folder, part, say));
  const version = await waitUntil(60, async () => (isAlive(owned) ? part.probe() : 'ended'));
  if (!version || !isAlive(owned)) throw new Error(await complaint(folder, name, part, owned));
  say(`${part.title} is up on ${part.port}`);
};

const launch = async (folder: string, part: Part, say: Say): Promise<OwnedProcess> => {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const command = await part.prepare(folder, say);
  say('starting');
  return startProcess(folder, command);
};

/** Something that we did not start listens there: perhaps a container that is still starting. */
const waitForStranger = async ({ probe, port, portVariable, title }: Part): Promise<void> => {
  if (await waitUntil(20, probe)) return;
  throw new Error(
    `Port ${port} is taken by something that does not answer as ${title}: stop it, or set ${portVariable} to a free port.`,
  );
};

const complaint = async (folder: string, name: PartName, { title }: Part, owned: OwnedProcess): Promise<string> => {
  const what = isAlive(owned) ? `does not answer; to try afresh: stack down ${name}, then stack up ${name}` : 'ended';
  const lines = (await readFile(logOf(folder), 'utf8')).trimEnd().split('\n').slice(-10);
  return `${title} ${what}. The end of ${logOf(folder)}:\n${lines.join('\n')}`;
};
