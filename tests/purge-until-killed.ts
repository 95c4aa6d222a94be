import { topics } from '../contracts/topics.ts';
import { openSqlite } from '../packages/database/sqlite.ts';
import { openEmbeddedPlatform } from '../packages/embedded/platform.ts';
import { waitUntil } from '../scripts/stack/wait-until.ts';
import { killAtStatement } from './kill-at-statement.ts';

/** Publishes a tombstone, and kills its own process before the Nth statement of the purge. */
const [file = '', key = '', killAt = ''] = process.argv.slice(2);
killAtStatement(Number(killAt)).isCounting = true;

const platform = openEmbeddedPlatform(file, Object.values(topics), { purgeDelayMs: 0 });
await platform.eventBus('crm').publish(topics.customers.name, [{ id: 'tombstone', key, value: Buffer.alloc(0) }]);
const database = openSqlite(file);
await waitUntil(60, () => database.prepare('SELECT * FROM due_purge').all().length === 0);
database.close();
platform.close();
