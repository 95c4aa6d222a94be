import { createReadStream, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseConnectionMandate } from '../../contracts/events/connection-mandate-changed/upcasters.ts';
import { topics } from '../../contracts/topics.ts';
import { startProgram, waitForOutput } from '../../tests/platform-process.ts';
import { broker } from '../stack/ports.ts';
import { fetchKafkaStreamsJars, pidOf, requireJava } from '../stack/stack.ts';
import { checkView, type Shown } from '../stack/view-check.ts';
import { newGroup } from './ours.ts';
import { measureProgram } from './program.ts';
import type { Subject } from './subject.ts';

const source = resolve(import.meta.dirname, '../baselines/MandatesTable.java');

/** A KTable with its store inside the process, without a network connection to a store. */
export const streams: Subject = {
  id: 'streams',
  title: 'Kafka Streams KTable',
  configuration: 'Java, RocksDB, two threads, revisions ignored',
  run: async (work) => {
    const folder = resolve('.data/bench-streams');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const jars = await fetchKafkaStreamsJars(() => {});
    const classpath = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=error', '-cp', join(jars, '*')];
    const args = [broker, topics.connectionMandates.name, newGroup(), String(work.events), folder];
    const program = startProgram(await requireJava(), [...classpath, source, ...args], {});
    try {
      const measured = await measureProgram(program, work.events, { kafka: pidOf('kafka') });
      await waitForOutput(program, /^written$/m);
      const table = await readTable(join(folder, 'table'));
      await checkView(work, async (ids) => ids.map((id) => table.get(id)));
      return measured;
    } finally {
      await program.end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

const readTable = async (file: string): Promise<Map<string, Shown>> => {
  const table = new Map<string, Shown>();
  for await (const value of createInterface(createReadStream(file))) {
    const { data, revision } = parseConnectionMandate({
      value: Buffer.from(value),
      timestamp: Number.MAX_SAFE_INTEGER,
    });
    table.set(data.connectionId, { connectionMandate: data.connectionMandate, revision });
  }
  return table;
};
