import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { permittedLevel } from '../iot-platform/mandates/mandate.ts';
import { mandates } from '../iot-platform/mandates/materialise.ts';
import { progressBars } from '../packages/cli/progress-bars.ts';
import { reportFailure } from '../packages/cli/report-failure.ts';
import {
  abandon,
  nameOf,
  preflight,
  rebuild,
  retire,
  switchBack,
  usualPauses,
} from '../packages/projections/rebuild/index.ts';
import { throttledLog } from '../packages/projections/throttled-log.ts';
import { pointerAgeMs } from '../packages/projections/view.ts';
import { withLabEnvironment } from './lab/lab-environment.ts';
import { openPorts } from './open-ports.ts';
import { checkCrm, crmSource } from './rebuild/crm-source.ts';
import { knownKeys, remedyForShortLog, snapshotOf } from './rebuild/from-crm.ts';
import { help, type RebuildCommand, readCommand } from './rebuild/options.ts';
import { sayOutcome, sayPlan } from './rebuild/say.ts';

type Context = Parameters<typeof sayPlan>[0];

const run = async (context: Context, command: RebuildCommand) => {
  const { say } = context;
  if (command.action === 'switch-back') return say(`${nameOf(context, await switchBack(context))} answers now.`);
  if (command.action === 'abandon') {
    const gone = await abandon(context, await knownKeys(command, say));
    return say(`${nameOf(context, gone)} is given up and removed.`);
  }
  if (command.action === 'retire') {
    const gone = await retire(context, await knownKeys(command, say));
    return say(
      gone.length === 0 ? 'There is nothing to retire.' : `Removed ${gone.map((g) => nameOf(context, g)).join(', ')}.`,
    );
  }
  if (command.crm !== undefined) await checkCrm(command.crm);
  const snapshot = command.fromCrm ? await snapshotOf(command) : undefined;
  const way = { ...command, shortLogRemedy: () => remedyForShortLog(command) };
  sayPlan(context, command, await preflight(context, { ...way, isFromSnapshot: command.fromCrm }));
  if (command.dryRun) return say('Nothing was changed.');
  const source = command.crm === undefined ? undefined : crmSource(command.crm);
  const startedAt = performance.now();
  const outcome = await rebuild(context, { ...way, source, snapshot });
  // Readers use what they know of the generations for so long.
  if (outcome.switched) await delay(pointerAgeMs);
  sayOutcome(context, command, { ...outcome, seconds: (performance.now() - startedAt) / 1000 });
  if (!outcome.switched) process.exitCode = 1;
};

/** In place nothing is answered meanwhile. */
const isHurried = ({ fullSpeed, inPlace }: RebuildCommand) => fullSpeed || inPlace;

const main = async () => {
  const args = process.argv.slice(2);
  const options = readCommand(args);
  if (options.help) return console.log(help);
  const env = await withLabEnvironment(process.env, options);
  const command = readCommand(args, env.CRM_URL || undefined);
  const { close, log, ...ports } = await openPorts(env, command);
  const progress = progressBars(process.stdout);
  const context: Context = {
    ...ports,
    log: isHurried(command) ? log : throttledLog(log),
    projection: mandates,
    shown: permittedLevel,
    now: Date.now,
    holder: `process ${process.pid} on ${hostname()}`,
    say: (line) => console.log(line),
    progress,
    ...usualPauses,
  };
  await run(context, command).finally(() => {
    progress.stop();
    close();
  });
};

main().catch(reportFailure);
