import { type Change, lastChanges, type Work } from '../work.ts';
import { withMysql, withRedis } from './stores.ts';

/** The value that a view shows for a connection; without revision where the subject stores none. */
export type Shown = { connectionMandate: string; revision?: number };

/** Reads the stored values of connections; undefined for a connection that is not stored. */
export type ReadShown = (connectionIds: readonly string[]) => Promise<(Shown | undefined)[]>;

const keysPerRead = 5_000;

/** Checks that the view shows the last change of each connection. @throws Error that names the first wrong ones */
export const checkView = async (work: Work, read: ReadShown): Promise<void> => {
  const expected = [...lastChanges(work).values()];
  const wrong: string[] = [];
  for (let from = 0; from < expected.length; from += keysPerRead) {
    const some = expected.slice(from, from + keysPerRead);
    const shown = await read(some.map(({ connectionId }) => connectionId));
    for (const [i, change] of some.entries())
      if (!isShown(change, shown[i])) wrong.push(`${change.connectionId}: ${JSON.stringify(shown[i])}`);
  }
  if (wrong.length > 0)
    throw new Error(`${wrong.length} of ${expected.length} last values are wrong: ${wrong.slice(0, 3).join(', ')}`);
};

const isShown = (change: Change, shown: Shown | undefined): boolean =>
  shown?.connectionMandate === change.connectionMandate &&
  (shown.revision === undefined || shown.revision === change.revision);

/** state.redis stores a hash with the value and its version under each key. */
const readHashes =
  (prefix: string): ReadShown =>
  (connectionIds) =>
    withRedis(async (client) => {
      const read = client.multi();
      for (const id of connectionIds) read.hGet(prefix + id, 'data');
      return (await read.execAsPipeline()).map((text) => parseShown(text as unknown as string | null));
    });

export const readDaprRedis = readHashes('iot-platform||');
/** Reads generation 2, which the first rebuild fills. */
export const readRebuiltRedis = readHashes('iot-platform||g2:');

export const readPlainRedis: ReadShown = (connectionIds) =>
  withRedis(async (client) => (await client.mGet([...connectionIds])).map(parseShown));

export const readDaprMysql: ReadShown = (connectionIds) =>
  withMysql(async (connection) => {
    const ids = connectionIds.map((id) => `iot-platform||${id}`);
    const [rows] = await connection.query('SELECT id, value FROM statestore.state WHERE id IN (?)', [ids]);
    const held = new Map((rows as { id: string; value: Shown }[]).map(({ id, value }) => [id, value]));
    return ids.map((id) => held.get(id));
  });

const parseShown = (text: string | null): Shown | undefined => (text === null ? undefined : JSON.parse(text));
