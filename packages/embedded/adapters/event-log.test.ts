import { describe, expect, it, vi } from 'vitest';
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

describe('a commit of offsets', () => {
  const openLog = () => {
    const database = openSqlite(':memory:');
    return { database, ...openGroupLog(database, 'readers') };
  };
  const offsets = (first: number, second: number) => new Map([[0, first]]).set(1, second);

  it('commits those of several partitions, except where a reset changed them', () => {
    const { commit, reset, committed } = openLog();
    commit('things', offsets(3, 5), new Map());
    reset('things', new Map([[1, 0]]));
    commit('things', offsets(4, 6), offsets(3, 5));
    expect(committed('things')).toEqual(offsets(4, 0));
  });

  it('does not wait for the disk, and the next write does, even if the commit fails', () => {
    const { database, commit } = openLog();
    const exec = vi.spyOn(database, 'exec');
    const settings = () => exec.mock.calls.flat().filter((text) => text.startsWith('PRAGMA'));
    const both = ['PRAGMA synchronous = NORMAL', 'PRAGMA synchronous = FULL'];
    commit('things', offsets(3, 5), new Map());
    expect(settings()).toEqual(both);
    database.exec('DROP TABLE committed_offset');
    expect(() => commit('things', offsets(4, 6), new Map())).toThrow('committed_offset');
    expect(settings()).toEqual([...both, ...both]);
    expect(database.prepare('PRAGMA synchronous').all()).toEqual([{ synchronous: 2 }]);
  });
});
