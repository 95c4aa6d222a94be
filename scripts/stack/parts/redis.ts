import { installPackages } from '../debian-package.ts';
import { findProgram, requireProgram } from '../find-program.ts';
import type { Part, Say } from '../part.ts';
import { settings } from '../settings.ts';
import { converse } from '../tcp-probe.ts';

const port = settings.redisPort;

const prepare = async (_folder: string, say: Say) => {
  if (!(await findProgram('redis-server'))) await installPackages(['redis-server'], say);
  const program = await requireProgram('redis-server', 'install Redis 6.2 or later.');
  // The consumer's offsets outlive a Redis that forgets; so the append-only file is on.
  const durable = ['--appendonly', 'yes', '--save', ''];
  return { program, args: ['--port', String(port), '--bind', '127.0.0.1', '--dir', '.', ...durable] };
};

export const redis: Part = {
  title: 'Redis',
  port,
  portVariable: 'REDIS_PORT',
  prepare,
  probe: async () => {
    // While it loads its append-only file it answers with its version, but serves no commands.
    const answer = await converse(port, 'INFO server\r\nPING\r\n', (text) => /^(\+PONG|-.*)\r\n/m.test(text));
    return answer?.includes('+PONG') ? /redis_version:(\S+)/.exec(answer)?.[1] : undefined;
  },
};
