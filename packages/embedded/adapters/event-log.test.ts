import { expect, it } from 'vitest';
import { openSqlite } from '../../database/sqlite.ts';
import { createLogWriter, openGroupLog } from './event-log.ts';

const topic = { name: 'things', partitions: 1, maxMessageBytes: 1000 };

it('reads text values of an older version as well as the bytes written now', () => {
  const database = openSqlite(':memory:');
  const log = createLogWriter(database, () => 5);
  database.exec(`INSERT INTO record (topic, partition, "offset", key, timestamp, value)
    VALUES ('things', 0, 0, 'a', 1, '{"text":"é"}'), ('things', 0, 1, 'a', 1, '')`);
  const bytes = Buffer.from([0x00, 0xff]);
  log.append(topic, [{ id: 'x', key: 'a', value: bytes }]);
  log.appendCopies(topic, [{ key: 'a', value: bytes, timestamp: 1, replayOf: 'things/0/1' }]);
  const { records } = openGroupLog(database, 'readers').readUncommitted(topic, 10);
  expect(records.map(({ value }) => value)).toEqual([Buffer.from('{"text":"é"}'), Buffer.alloc(0), bytes, bytes]);
});

it('commits the offsets of several partitions without the disk, except those of a reset, and writes records with it again', () => {
  const database = openSqlite(':memory:');
  const log = { ...createLogWriter(database, () => 5), ...openGroupLog(database, 'readers') };
  const synchronous = () => database.prepare('PRAGMA synchronous').all();
  const full = [{ synchronous: 2 }];
  const start = new Map<number, number>();
  log.commit('things', new Map([[0, 3]]).set(1, 5), start);
  expect(synchronous()).toEqual(full);
  log.reset('things', new Map([[1, 0]]));
  log.commit('things', new Map([[0, 4]]).set(1, 6), new Map([[0, 3]]).set(1, 5));
  expect(log.committed('things')).toEqual(new Map([[0, 4]]).set(1, 0));
  database.exec('DROP TABLE committed_offset');
  expect(() => log.commit('things', new Map([[0, 5]]), start)).toThrow('committed_offset');
  expect(synchronous()).toEqual(full);
});
