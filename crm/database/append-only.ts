import { type Kysely, sql } from 'kysely';
import { isMysql } from '../../packages/database/run-exclusively.ts';
import { ConfigError } from '../../packages/runtime/config-error.ts';

/** The message of the trigger that refuses an event whose version is not the next one of its stream. */
export const notNextVersion = 'orderEvent: not the next version of the stream';

const appendOnly = 'orderEvent is append-only';
const isNotNextVersion = sql`new.version <> (select coalesce(max(version), 0) + 1 from orderEvent where stream = new.stream)`;

/**
 * Creates the triggers that keep the table orderEvent append-only and its versions without gaps. The check of inserts is also
 * needed against INSERT OR REPLACE of SQLite, which deletes the replaced row without a delete trigger. The triggers do not bind an
 * administrator, who can drop them or truncate the table.
 * @throws ConfigError with the remedy when the user of the database may not create triggers
 */
export const makeAppendOnly = async (db: Kysely<never>): Promise<void> => {
  for (const action of ['update', 'delete'] as const) await refuse(db, action);
  const name = sql.table('orderEvent_next_version');
  if (isMysql(db))
    // 1062 is the error of a duplicate key, so a writer treats both alike, as a conflict.
    await sql`create trigger ${name} before insert on orderEvent for each row if ${isNotNextVersion} then
      signal sqlstate '23000' set mysql_errno = 1062, message_text = ${sql.lit(notNextVersion)}; end if`
      .execute(db)
      .catch(explainTriggerError);
  else
    await sql`create trigger if not exists ${name} before insert on orderEvent when ${isNotNextVersion}
      begin select raise(abort, ${sql.lit(notNextVersion)}); end`.execute(db);
};

const refuse = async (db: Kysely<never>, action: 'update' | 'delete') => {
  const name = sql.table(`orderEvent_no_${action}`);
  if (isMysql(db))
    await sql`create trigger ${name} before ${sql.raw(action)} on orderEvent for each row
      signal sqlstate '45000' set message_text = ${sql.lit(appendOnly)}`
      .execute(db)
      .catch(explainTriggerError);
  else
    await sql`create trigger if not exists ${name} before ${sql.raw(action)} on orderEvent
      begin select raise(abort, ${sql.lit(appendOnly)}); end`.execute(db);
};

/** MySQL has no `create trigger if not exists` before 8.0.29, and a migration that was killed runs again. */
export const explainTriggerError = (error: Error): void => {
  if (error.message.includes('ER_TRG_ALREADY_EXISTS')) return;
  if (/ER_BINLOG_CREATE_ROUTINE_NEED_SUPER|ER_TABLEACCESS_DENIED_ERROR/.test(error.message))
    throw new ConfigError(
      'its user may not create the triggers that keep the events of orders unchanged: grant TRIGGER on the database, and if the ' +
        'server writes a binary log, set log_bin_trust_function_creators = 1 (docs/database.md)',
    );
  throw error;
};
