import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from './eventually.ts';
import { fetchMandate, getJson } from './http.ts';
import { dataFolder, startPlatform } from './platform-process.ts';
import { startSilentCrm } from './silent-crm.ts';

const token = 'operator-token-for-tests';

/** Starts the platform on a folder; `kill` ends it with kill -9 and starts it again. */
const withPlatform = async () => {
  const env = { DATA_DIR: dataFolder(), LOG_LEVEL: 'warn', OPERATOR_TOKEN: token };
  const start = (more: Record<string, string>) => startPlatform({ ...env, ...more });
  let platform = await start({ CRM_URL: await startSilentCrm() });
  onTestFinished(async () => void (await platform.end('SIGKILL')));
  const state = async () => (await getJson(`${platform.iotPlatform}/operations/rebuild`)).body;
  return {
    state,
    post: async (path: string, body: object | null = {}) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const sent = { method: 'POST', headers, ...(body && { body: JSON.stringify(body) }) };
      const response = await fetch(`${platform.iotPlatform}${path}`, sent);
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
    kill: async () => {
      expect(await platform.end('SIGKILL')).toBe('SIGKILL');
      platform = await start({});
    },
    untilShown: (expected: object) => eventually(async () => expect(await state()).toMatchObject(expected)),
    mandate: () => fetchMandate({ url: platform.iotPlatform }, '7733'),
  };
};

describe('after kill -9 of the service', () => {
  it.each([
    ['next to the live view', {}, { phase: 'filled' }, { from: 'log', inPlace: false }, '1'],
    ['in place', { inPlace: true }, { inPlace: true }, { from: 'log', inPlace: true }, 503],
  ])('a rebuild %s is shown with the request that continues it, and is continued by it', async (...given) => {
    const [, request, begun, body, mandateMeanwhile] = given;
    const { state, post, kill, untilShown, mandate } = await withPlatform();
    expect((await post('/operations/rebuild', request)).status).toBe(202);
    await untilShown({ running: { ...begun, isActive: true, continueWith: null } });
    await kill();

    const path = '/operations/rebuild';
    const { holder } = (await state()).running as { holder: string };
    const found = { running: { ...begun, holder, isActive: false, isHeld: true, continueWith: { path, body } } };
    expect(await state()).toMatchObject({ ...found, last: null });
    expect(await mandate()).toBe(mandateMeanwhile);
    const other = await post(path, { ...body, inPlace: !body.inPlace });
    expect([other.status, other.body.type, other.body.detail]).toEqual([
      409,
      'urn:problem:rebuild-refused',
      expect.stringMatching(/is unfinished\. Finish it: npm run rebuild/),
    ]);
    const accepted = await post(path, body);
    expect([accepted.status, accepted.body]).toMatchObject([
      202,
      { running: { holder, isActive: true, step: 'waiting for the lease', continueWith: null } },
    ]);
    await untilShown({ generation: { number: 2 }, running: null, last: { action: 'rebuild', result: 'switched' } });
    await eventually(async () => expect(await mandate()).toBe('1'));
  });

  it('a removal of earlier generations is shown as unfinished, and is continued by the same request', async () => {
    const { post, kill, untilShown, mandate } = await withPlatform();
    await kill(); // From here on with its own CRM.
    await post('/operations/rebuild', { fullSpeed: true });
    await untilShown({ running: null, last: { result: 'switched' }, retiring: null });
    void post('/operations/retire', null).catch(() => {});
    await untilShown({ retiring: { generations: [{ number: 1 }], isActive: true } });
    await kill();

    await untilShown({ retiring: { generations: [{ number: 1 }], isActive: false }, switchBackTo: null, last: null });
    expect((await post('/operations/retire', null)).status).toBe(202);
    await untilShown({
      generation: { number: 2 },
      retiring: null,
      last: { action: 'retire', result: 'retired', detail: 'Generation 1 in statestore is removed.' },
    });
    expect(await mandate()).toBe('1');
  });
});
