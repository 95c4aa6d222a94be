import { setTimeout as delay } from 'node:timers/promises';
import { type ChangeRecord, emptyRecord } from './change-record.ts';
import { startChanges } from './change-stream.ts';
import { contradictions, disagreements } from './consistency-check.ts';
import { end, type Fleet, type FleetMember, freshFleet, start } from './deployment.ts';
import { type Disturbance, planRound } from './plan-round.ts';
import { type Chance, chance } from './random.ts';
import { startSampling } from './sampling.ts';

export type TortureOptions = {
  seed: number;
  /** How long things happen in a round; what follows takes as long as it takes. */
  roundMs: number;
  /** How many units are disturbed in a round, beside the guests that come and go. */
  disturbances: number;
  /** Asked before each round. */
  goOn: (roundsDone: number) => boolean;
  /** Takes one line of progress. */
  say: (line: string) => void;
};

export type Tortured = {
  rounds: number;
  changes: number;
  samples: number;
  /** How often each thing happened, as in `kill CRM`. */
  happened: Map<string, number>;
  /** What was wrong after the last round; empty when the platform withstood all. */
  wrong: string[];
};

/** After all that was disturbed is back: longer than any back-off, session or circuit breaker. */
const agreeWithinSeconds = 120;

const viewsOfARound = [['statestore'], ['durable-statestore'], ['statestore', 'durable-statestore']];

/** Disturbs the platform round by round, until enough is enough or something is wrong. */
export const torture = async (options: TortureOptions): Promise<Tortured> => {
  const { seed, goOn, say } = options;
  const decide = chance(seed);
  const record = emptyRecord();
  const result: Tortured = { rounds: 0, changes: 0, samples: 0, happened: new Map(), wrong: [] };
  const fleet = await freshFleet();
  try {
    await start(fleet.crm);
    while (goOn(result.rounds) && result.wrong.length === 0) {
      result.rounds++;
      result.wrong = await round(fleet, decide.branch(), { ...options, record, result });
      result.changes = record.promised.length;
      say(
        `round ${result.rounds}: ${result.changes} changes, ${result.samples} samples, ${result.wrong.length === 0 ? 'all agree' : 'WRONG'}`,
      );
    }
    return result;
  } finally {
    await fleet.end();
  }
};

type Round = TortureOptions & { record: ChangeRecord; result: Tortured };

const round = async (fleet: Fleet, decide: Chance, options: Round): Promise<string[]> => {
  const { record, result, roundMs, disturbances: count, say } = options;
  const views = decide.oneOf(viewsOfARound);
  const members = fleet.members.filter(({ view }) => views.includes(view));
  const [staying, guests] = [members.filter(isFirst), members.filter((member, n, all) => !isFirst(member, n, all))];
  say(`round ${result.rounds}: the view in ${views.join(' and in ')}`);
  await Promise.all(staying.map(start));

  const sampling = startSampling(members, record.connections, decide.branch());
  const changes = startChanges({ crm: fleet.crm.url, chance: decide.branch(), record });
  const plan = planRound(fleet, { staying, guests }, { chance: decide.branch(), roundMs, count });
  await Promise.all(plan.map((disturbance) => carryOut(disturbance, options)));
  await changes.stop();

  const left = await disagreements({ crm: fleet.crm.url, members: staying, record }, agreeWithinSeconds);
  await sampling.stop();
  result.samples += sampling.answers;
  const wrong = [...left, ...(await contradictions(record, sampling)), ...fleet.complaints];
  await Promise.all(staying.map((member) => end(member, 'SIGTERM')));
  return wrong;
};

/** The first member of each view stays; the others come and go. */
const isFirst = ({ view }: FleetMember, n: number, members: readonly FleetMember[]) =>
  members.findIndex((member) => member.view === view) === n;

const carryOut = async ({ what, how, afterMs, happen }: Disturbance, { say, result }: Round) => {
  await delay(afterMs);
  say(`  ${how} ${what}`);
  await happen();
  result.happened.set(`${how} ${what}`, (result.happened.get(`${how} ${what}`) ?? 0) + 1);
};
