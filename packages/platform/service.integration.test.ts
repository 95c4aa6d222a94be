import { afterEach, expect, it } from 'vitest';
import { type RunningProcess, startProcess, waitForOutput } from '../../tests/platform-process.ts';

let service: RunningProcess;
afterEach(async () => void (await service.end('SIGKILL')));

it('takes the copies of one Ctrl-C for one, and ends at once at a second Ctrl-C', async () => {
  service = startProcess('tests/endless-close.ts', {});
  await waitForOutput(service, /started/);
  for (let copy = 0; copy < 3; copy++) process.kill(service.pid, 'SIGINT');
  await waitForOutput(service, /closing/);
  expect(process.kill(service.pid, 0)).toBe(true);
  const pressAgain = setInterval(() => process.kill(service.pid, 'SIGINT'), 500);
  // Without a second Ctrl-C it would end after 15 s.
  expect(await service.ended.finally(() => clearInterval(pressAgain))).toBe(1);
  expect(service.output()).toBe('started\nclosing\n');
}, 10_000);
