import { expect, it } from 'vitest';
import { expectViewToEqualCrm, sendChanges } from './changes.ts';
import { eventually } from './eventually.ts';
import { getJson } from './http.ts';
import { dataFolder, startPlatform } from './platform-process.ts';

const changes = 2_000;
const kills = 3;

it('the view equals the CRM after three kill -9 during 2,000 changes, and no acknowledged change is lost', async () => {
  const env = { DATA_DIR: dataFolder(), CUSTOMERS_CSV: 'none', LOG_LEVEL: 'warn' };
  let platform = await startPlatform(env);
  const progress = { sent: 0 };
  const sending = sendChanges(() => platform.crm, { customers: 200, changes, progress });
  for (let killed = 0; killed < kills; killed++) {
    const reached = (changes / (kills + 1)) * (killed + 1);
    await eventually(() => expect(progress.sent).toBeGreaterThanOrEqual(reached));
    expect(await platform.end('SIGKILL')).toBe('SIGKILL');
    platform = await startPlatform(env);
  }
  await expectViewToEqualCrm(platform.crm, platform.iotPlatform, await sending);
  expect((await getJson(`${platform.iotPlatform}/status`)).body).toMatchObject({ sinceStart: { setAside: 0 } });
  expect(await platform.end('SIGTERM')).toBe(0);
});
