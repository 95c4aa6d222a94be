import { topics } from '../../contracts/topics.ts';
import { startProcess } from '../../tests/platform-process.ts';
import { broker, ports } from '../stack/ports.ts';
import { pidOf } from '../stack/stack.ts';
import { emptyRedis } from '../stack/stores.ts';
import { checkView, readPlainRedis } from '../stack/view-check.ts';
import { newGroup } from './ours.ts';
import { measureProgram } from './program.ts';
import type { Subject } from './subject.ts';

/** A Node client without Dapr and without compare-and-set. */
export const direct: Subject = {
  id: 'direct',
  title: 'kafkajs to Redis, without Dapr',
  configuration: 'batches folded, MSET of 1,000, no precondition',
  run: async (work) => {
    await emptyRedis();
    const redisUrl = `redis://127.0.0.1:${ports.redis}`;
    const args = [broker, redisUrl, topics.connectionMandates.name, newGroup(), String(work.events)];
    const program = startProcess('bench/baselines/direct.ts', {}, args);
    try {
      const measured = await measureProgram(program, work.events, { redis: pidOf('redis'), kafka: pidOf('kafka') });
      await checkView(work, readPlainRedis);
      return measured;
    } finally {
      await program.end('SIGKILL');
    }
  },
};
