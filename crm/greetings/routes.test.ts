import { beforeEach, describe, expect, it } from 'vitest';
import { canaryGreetingId } from '../../contracts/events/greeting-posted/canary.ts';
import { parseGreeting } from '../../contracts/events/greeting-posted/upcasters.ts';
import { topics } from '../../contracts/topics.ts';
import { createCrmWithCorinne } from '../../tests/crm-app.ts';
import { noon } from '../../tests/test-runtime.ts';
import { readWaiting } from '../../tests/waiting-events.ts';

let crm: Awaited<ReturnType<typeof createCrmWithCorinne>>;
beforeEach(async () => {
  crm = await createCrmWithCorinne();
});

const readGreetings = async () =>
  (await readWaiting(crm.db, topics.greetings)).map(({ key, event }) => {
    const value = Buffer.from(JSON.stringify(event));
    return { key, ...parseGreeting({ value, timestamp: noon }) };
  });

describe('posting a greeting', () => {
  it('answers with its id and time, and publishes it', async () => {
    const { body } = await crm.http.post('/greetings').send({ message: 'Good morning' }).expect(201);
    const postedAt = new Date(noon).toISOString();
    expect(body).toEqual({ greetingId: expect.any(String), message: 'Good morning', postedAt });
    const { greetingId } = body;
    const data = { greetingId, message: 'Good morning' };
    expect(await readGreetings()).toMatchObject([{ key: greetingId, data, revision: 1, time: postedAt }]);
  });

  it('publishes one greeting when a request is repeated with its Idempotency-Key', async () => {
    const post = (message: string) => crm.http.post('/greetings').set('Idempotency-Key', 'g1').send({ message });
    const { body } = await post('Hello').expect(201);
    await post('Hello').expect(201, body);
    await post('Goodbye').expect(422);
    expect(await readGreetings()).toHaveLength(1);
  });

  it('publishes every canary under the same id, also next to an Idempotency-Key', async () => {
    const post = (message: string, key: string, isCanary: boolean) =>
      crm.http.post('/greetings').set('Idempotency-Key', key).send({ message, isCanary });
    await post('one', 'c1', true).expect(201);
    await post('two', 'c2', true).expect(201);
    await post('two', 'c2', false).expect(422);
    expect((await readGreetings()).map(({ key }) => key)).toEqual([canaryGreetingId, canaryGreetingId]);
  });

  it.each([
    {},
    { message: '' },
    { message: ' ' },
    { message: 'x'.repeat(281) },
    { message: 'a\u0000b' },
    { message: 'a', isCanary: 'yes' },
  ])('refuses %j', async (sent) => {
    await crm.http.post('/greetings').send(sent).expect(422);
    expect(await readGreetings()).toEqual([]);
  });
});
