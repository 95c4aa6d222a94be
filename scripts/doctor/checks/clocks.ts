import { sql } from 'kysely';
import { connectDatabase } from '../../../packages/database/open-database.ts';
import type { Status } from '../../status/show-status.ts';
import type { Deployment, FoundService } from '../deployment.ts';
import { type Finding, ok, problem, skipped, warning } from '../finding.ts';
import { createCheck } from '../run-checks.ts';

/** The clock of a server minus the clock of this machine, or the time of a record that is later than it. */
export type ClockFacts = { readonly name: string; readonly offsetMs: number };

const toleranceMs = 2_000;
/** A CRM in memory that is so far behind would publish revisions that the views ignore. */
const problemMs = 60_000;

export const assessClocks = (clocks: readonly ClockFacts[]): readonly Finding[] => {
  if (clocks.length === 0) return [skipped('no service or database says what time it is')];
  const differing = clocks.filter(({ offsetMs }) => Math.abs(offsetMs) > toleranceMs);
  if (differing.length === 0) return [ok(`the clocks of ${clocks.map(({ name }) => name).join(', ')} are as ours`)];
  return differing.map(({ name, offsetMs }) => {
    const seconds = Math.round(Math.abs(offsetMs) / 1_000);
    const message = `the clock of ${name} is ${seconds} s ${offsetMs > 0 ? 'ahead of' : 'behind'} the clock of this machine`;
    return Math.abs(offsetMs) > problemMs ? problem(message, remedy) : warning(message, remedy);
  });
};
const remedy = 'timedatectl set-ntp true, on both machines';

const readClocks = async ({ services }: Deployment): Promise<readonly ClockFacts[]> => {
  const now = Date.now();
  const found = services.flatMap(({ address, health, record, statuses }): ClockFacts[] => {
    const offsetMs = health.kind === 'answered' ? health.clockOffsetMs : undefined;
    if (offsetMs !== undefined && Math.abs(offsetMs) > toleranceMs) return [{ name: `the ${address.name}`, offsetMs }];
    // Where the clock of the service is right, or unknown, its times can be from a clock that was ahead.
    const started = record ? Date.parse(record.startedAt) - now : 0;
    const answers = statuses.flatMap(({ answer }) => (answer.kind === 'answered' ? listRecordTimes(answer.body) : []));
    const newest = Math.max(0, ...answers) - now;
    return [
      ...(offsetMs === undefined ? [] : [{ name: `the ${address.name}`, offsetMs }]),
      ...(started > toleranceMs ? [{ name: `the ${address.name}, when it was started,`, offsetMs: started }] : []),
      ...(newest > toleranceMs
        ? [{ name: `the log, in its newest record in the ${address.name},`, offsetMs: newest }]
        : []),
    ];
  });
  return [...found, ...(await Promise.all(services.map(readDatabaseClock))).flat()];
};

/** The times of the last records, in the checkpoints of a view. */
const listRecordTimes = (body: object): number[] => {
  const { view } = body as Status;
  if (!view || !('partitions' in view)) return [];
  return Object.values(view.partitions).flatMap(({ last }) => (last ? [last.timestamp] : []));
};

/** SQLite has the clock of this machine. A database that does not answer is reported by other checks. */
const readDatabaseClock = async ({ config, databaseVariable, address }: FoundService): Promise<ClockFacts[]> => {
  const { databaseUrl: url } = config;
  if (!url?.startsWith('mysql:') || !databaseVariable) return [];
  const db = connectDatabase<Record<never, never>>({ url, variable: databaseVariable }, 2_000);
  try {
    const sentAt = Date.now();
    const { rows } = await sql<{ now: number }>`SELECT UNIX_TIMESTAMP(now(3)) * 1000 AS now`.execute(db);
    const now = Number(rows[0]?.now);
    const receivedAt = Date.now();
    const offsetMs = now < sentAt ? now - sentAt : Math.max(0, now - receivedAt);
    return [{ name: `the database of the ${address.name}`, offsetMs }];
  } catch {
    return [];
  } finally {
    await db.destroy();
  }
};

export const clocks = createCheck({ name: 'clocks', remedy: 'date' }, readClocks, assessClocks);
