import { installPackages } from '../debian-package.ts';
import { findProgram, requireProgram } from '../find-program.ts';
import type { Part, Report } from '../part.ts';
import { settings } from '../settings.ts';
import { probeTcp } from '../tcp-probe.ts';

const port = settings.redisPort;

const prepare = async (_folder: string, report: Report) => {
  if (!(await findProgram('redis-server'))) await installPackages(['redis-server'], report);
  const program = await requireProgram('redis-server', 'install Redis 6.2 or later.');
  // Committed offsets in Kafka survive a restart, so the view must survive it too: the append-only file is on.
  const durable = ['--appendonly', 'yes', '--save', ''];
  return { program, args: ['--port', String(port), '--bind', '127.0.0.1', '--dir', '.', ...durable] };
};

export const redis: Part = {
  title: 'Redis',
  port,
  portVariable: 'REDIS_PORT',
  prepare,
  probe: async () => {
    // While Redis loads its append-only file it answers INFO, but no other command.
    const reply = await probeTcp(port, 'INFO server\r\nPING\r\n', (text) => /^(\+PONG|-.*)\r\n/m.test(text));
    return reply?.includes('+PONG') ? /redis_version:(\S+)/.exec(reply)?.[1] : undefined;
  },
};
