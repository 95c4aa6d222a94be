import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import request from 'supertest';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { serviceAddresses } from '../../../contracts/service-addresses.ts';
import { expecting } from '../../../contracts/text.ts';
import { topics } from '../../../contracts/topics.ts';
import { customerEvent, customerState } from '../../../tests/customer-view-app.ts';
import { followEvents, parseFrames, recordsOf } from '../../../tests/event-frames.ts';
import { eventually } from '../../../tests/eventually.ts';
import { noEvents } from '../../../tests/no-events.ts';
import { dataFolder } from '../../../tests/platform-process.ts';
import { createTestRuntime } from '../../../tests/test-runtime.ts';
import { type Thing, things } from '../../../tests/things.ts';
import { openEmbeddedPlatform } from '../../embedded/platform.ts';
import { originList } from '../../http/access-rules.ts';
import { createStores, type Pointer } from '../../projections/generations/index.ts';
import { changePointer } from '../../projections/generations/pointer.ts';
import type { LogReader } from '../../projections/log-reader.ts';
import { createLog } from '../../runtime/log.ts';
import { createSilentTracer, type Tracer } from '../../runtime/tracing.ts';
import { createViewApp, startViewService } from '../view-service/index.ts';
import { openViewStores, type RegisteredView, registerView, type ViewExplanation } from '../views.ts';

const token = 'operator-token-of-tests';
const authorization = `Bearer ${token}`;
const consolePage = 'http://localhost:3005';

const people: typeof things = {
  ...things,
  name: 'people',
  topic: { ...topics.customers, partitions: 1 },
  deadLetters: { ...things.deadLetters, name: 'people-dead-letters' },
};
const toDisplayValue = (thing: Thing | undefined) => String(thing?.n);
/** Shows where the log and the service are. */
const explain: ViewExplanation = {
  question: 'Which key?',
  key: z.string().regex(/^key-\d+$/, { error: expecting('key- and a number') }),
  explain: async (key, { env, openLog }) => {
    if (key === 'key-0') throw new Error('The source does not answer.');
    const log = await openLog();
    const ranges = await log.offsets(things.topic.name);
    await log.read(things.topic.name, ranges, async () => {});
    const end = ranges.reduce((sum, range) => sum + range.end, 0);
    const sides = [{ side: 'view', where: String(env.CUSTOMER_VIEW_URL) }];
    return { events: [{ key, end }], sides, agree: true, sentences: ['They agree.'] };
  },
};
const registered = [things, people].map((projection) =>
  registerView<Thing, Thing>({
    projection,
    toDisplayValue,
    keyName: 'key',
    ...(projection === things && { explain }),
  }),
);
const all = [things, people].flatMap(({ topic, deadLetters }) => [topic, deadLetters]);

const start = async (
  operatorToken: string | undefined = token,
  more: {
    explainTimeoutMs?: number;
    topicLog?: (log: LogReader) => LogReader;
    log?: ReturnType<typeof createLog>;
    tracer?: Tracer;
  } = {},
) => {
  const platform = openEmbeddedPlatform(':memory:', all);
  const bus = platform.eventBus('group');
  const store = platform.stateStore('statestore');
  const service = await startViewService(
    {
      address: serviceAddresses.customerView,
      views: registered,
      createApp: (context) => createViewApp(context, { api: { title: 'x', description: 'x', events: noEvents } }),
    },
    {
      host: '127.0.0.1',
      access: { hosts: [], origins: originList.parse(consolePage) },
      operatorToken: operatorToken || undefined,
      addresses: { DATA_DIR: dataFolder() },
      port: 0,
      deliveryPort: 0,
      stateStoreName: 'statestore',
      consumerGroup: 'group',
      autoRebuild: false,
    },
    {
      ...createTestRuntime(),
      bus,
      store,
      secondaryStore: platform.stateStore,
      ...more,
      topicLog: more.topicLog?.(platform.logReader()) ?? platform.logReader(),
      operatorLog: platform.operatorLog(),
    },
  );
  let isClosed = false;
  const close = async () => {
    if (isClosed) return;
    isClosed = true;
    await service.close();
    platform.close();
  };
  onTestFinished(close);
  const publish = async (n: number, key = `key-${n}`, topic = things.topic) =>
    bus.publish(topic.name, [{ id: `${n}`, key, value: Buffer.from(JSON.stringify({ key, n })) }]);
  return { ...service, platform, bus, store, publish, close };
};
type Started = Awaited<ReturnType<typeof start>>;

let service: Started;
const get = (path: string) => request(service.url).get(path);
const post = (path: string, body: object = {}) =>
  request(service.url).post(path).set('Authorization', authorization).send(body);
const settled = async (lag = 0) =>
  eventually(async () => expect((await get('/operations/consumer-group?view=things')).body.lag).toBe(lag));

beforeEach(async () => {
  service = await start();
});

describe('the operator token', () => {
  const protectedRoutes = [
    ['get', '/operations/dead-letters?view=things'],
    ['post', '/operations/dead-letters/replay?view=things'],
    ['post', '/operations/dead-letters/discard?view=things'],
    ['post', '/operations/rebuild?view=things'],
    ['post', '/operations/rebuild/abandon?view=things'],
    ['post', '/operations/retire?view=things'],
    ['post', '/operations/switch-back?view=things'],
  ] as const;

  it.each(protectedRoutes)('is needed: %s %s', async (method, path) => {
    for (const header of [undefined, '', 'Bearer', 'Bearer wrong', `Basic ${token}`, token, `Bearer ${token}x`]) {
      const call = request(service.url)[method](path);
      if (header !== undefined) call.set('Authorization', header);
      const { status, headers, body } = await call;
      expect([status, headers['www-authenticate'], body.type, body.status]).toEqual([
        401,
        'Bearer realm="operations"',
        'urn:problem:unauthorized',
        401,
      ]);
    }
  });

  it('is refused by a service that has none, with a sentence that says how to set it', async () => {
    const { url } = await start('');
    for (const [method, path] of protectedRoutes)
      for (const header of [undefined, 'Bearer', 'Bearer undefined', authorization]) {
        const call = request(url)[method](path);
        if (header !== undefined) call.set('Authorization', header);
        const { status, headers, body } = await call;
        expect([status, headers['www-authenticate'], body.detail, body.remedy]).toEqual([
          401,
          'Bearer realm="operations"',
          'This service has no operator token, so it refuses what needs one.',
          'start the service with OPERATOR_TOKEN, and send it: Authorization: Bearer …',
        ]);
      }
    await request(url).get('/operations/rebuild?view=things').expect(200);
  });

  it('is in no log line, span or answer, whether the request succeeds or not', async () => {
    const secrets = [token, 'wrong-token-of-tests'];
    const seen: string[] = [];
    const log = createLog('trace', { write: (line) => seen.push(line) });
    const silent = createSilentTracer(randomUUID);
    const tracer: Tracer = {
      ...silent,
      reports: true,
      start: (name, parent) => {
        seen.push(`span ${name} ${parent}`);
        return silent.start(name, parent);
      },
    };
    const { url } = await start(token, { log, tracer });
    const paths = [
      ...['/status?view=things', '/openapi.json', '/readyz', '/healthz', '/', '/docs', '/unknown'],
      ...['consumer-group', 'rebuild', 'dead-letters', 'events', 'explain/key-0', 'explain/key-1'].map(
        (name) => `/operations/${name}?view=things&follow=false`,
      ),
      ...['/operations/events?follow=false', '/operations/rebuild?view=nothing'],
    ];
    const posts = [
      'rebuild',
      'rebuild/abandon',
      'retire',
      'switch-back',
      'dead-letters/replay',
      'dead-letters/discard',
    ];
    const statuses = new Set<number>();
    for (const secret of secrets) {
      const call = async (method: 'get' | 'post', path: string, body?: object) => {
        const { status, text, headers } = await request(url)
          [method](path)
          .set('Authorization', `Bearer ${secret}`)
          .send(body);
        statuses.add(status);
        seen.push(text ?? '', JSON.stringify(headers));
      };
      for (const path of paths) await call('get', path);
      for (const name of posts)
        for (const body of [{}, { all: true }, { unknown: 1 }])
          await call('post', `/operations/${name}?view=things`, body);
    }
    for (const status of [200, 202, 400, 401, 404, 409, 422, 503]) expect(statuses).toContain(status);
    const text = seen.join('\n');
    for (const part of ['"request"', 'span GET', '"openapi"']) expect(text).toContain(part);
    for (const secret of secrets) expect(text).not.toContain(secret);
  });

  it('is not needed to read, and a wrong one is refused where it would show more', async () => {
    for (const path of ['consumer-group?view=things', 'rebuild?view=things', 'events?follow=false'])
      await get(`/operations/${path}`).expect(200);
    await get('/operations/events?follow=false').set('Authorization', 'Bearer wrong').expect(401);
  });
});

describe('CORS', () => {
  it.each([
    ['/operations/rebuild?view=things', 200],
    ['/operations/rebuild?view=nothing', 400],
    ['/operations/dead-letters?view=things', 401],
    ['/operations/events?follow=false', 200],
    ['/unknown', 404],
    ['/readyz', 503],
  ])('lets the allowed page, and no other, read %s with status %i', async (path, status) => {
    const { headers } = await get(path).set('Origin', consolePage);
    expect(headers).toMatchObject({ 'access-control-allow-origin': consolePage, vary: 'Origin' });
    for (const origin of ['http://localhost:3006', 'https://evil.example', 'null']) {
      const foreign = await get(path).set('Origin', origin);
      expect([foreign.status === status || path === '/readyz', foreign.headers['access-control-allow-origin']]).toEqual(
        [true, undefined],
      );
    }
  });

  it('answers the preflight of a rebuild with the token', async () => {
    const preflight = (origin: string) =>
      request(service.url)
        .options('/operations/rebuild')
        .set('Origin', origin)
        .set('Access-Control-Request-Method', 'POST')
        .set('Access-Control-Request-Headers', 'authorization,content-type');
    const { headers } = await preflight(consolePage).expect(204);
    expect(headers['access-control-allow-headers']).toContain('Authorization');
    expect(headers['access-control-allow-methods']).toContain('POST');
    for (const origin of ['https://evil.example', 'null'])
      expect((await preflight(origin)).headers['access-control-allow-origin']).toBeUndefined();
  });
});

describe('the consumer group', () => {
  it('shows offsets, what the view has applied, and the lag', async () => {
    await service.publish(1);
    await settled();
    const { body } = await get('/operations/consumer-group?view=things').expect(200);
    expect(body).toMatchObject({ group: 'group', topic: things.topic.name, members: null, lag: 0 });
    const filled = body.partitions.filter(({ end }: { end: number }) => end > 0);
    expect(filled).toEqual([{ partition: expect.any(Number), begin: 0, end: 1, committed: 1, applied: 0, lag: 0 }]);
  });

  it('has an unknown lag, which is not 0, where the broker does not answer', async () => {
    const offsets = () => Promise.reject(new Error('The broker does not answer.'));
    const { url } = await start(token, { topicLog: (log) => ({ ...log, offsets }) });
    const { body } = await request(url).get('/operations/consumer-group?view=things').expect(200);
    expect(body).toMatchObject({
      lag: null,
      members: null,
      partitions: [],
      problem: expect.stringContaining('The broker does not answer.'),
    });
  });

  it('needs the name of a view', async () => {
    const { body } = await get('/operations/consumer-group').expect(400);
    expect(body.errors).toEqual([{ field: 'view', expected: expect.stringContaining('one of things, people') }]);
  });
});

describe('a rebuild', () => {
  const ended = async () =>
    eventually(async () => {
      const { body } = await get('/operations/rebuild?view=things');
      expect(body.running).toBeNull();
      return body;
    });

  it('runs in the background, verifies the view, and can be switched back', async () => {
    for (let n = 1; n <= 20; n++) await service.publish(n);
    await settled();
    const { headers, body } = await post('/operations/rebuild?view=things').expect(202);
    expect(headers.location).toBe('/operations/rebuild?view=things');
    expect(body.view).toBe('things');
    expect(await ended()).toMatchObject({
      generation: { number: 2 },
      switchBackTo: { number: 1 },
      last: { action: 'rebuild', result: 'switched', setAside: 0, mismatches: { count: 0, first: [] } },
    });
    expect((await post('/operations/switch-back?view=things').expect(200)).body).toEqual({ generation: { number: 1 } });
    expect((await ended()).generation).toEqual({ number: 1 });
  });

  it('does not switch to a view that differs, and shows the mismatches', async () => {
    await service.publish(1);
    await settled();
    const key = 'things/g1:key-1';
    const held = await service.store.getMany(['things/key-1', key, 'things/g1/key-1']);
    const [[storedKey, { value, etag }]] = [...held] as never as [[string, { value: object; etag: string }]];
    await service.store.transact([{ key: storedKey, value: { ...value, n: 99 }, etag }]);
    await post('/operations/rebuild?view=things').expect(202);
    const state = await eventually(async () => {
      const { body } = await get('/operations/rebuild?view=things');
      expect(body.last).not.toBeNull();
      return body;
    });
    expect(state.last).toMatchObject({
      result: 'differs',
      mismatches: { count: 1, first: [{ key: 'key-1', rebuilt: '1', live: '99' }] },
    });
    expect(state.running).toMatchObject({ phase: 'filled', isActive: false, isHeld: false });
    await post('/operations/rebuild/abandon?view=things').expect(202);
    expect((await ended()).last).toMatchObject({ action: 'abandon', result: 'abandoned' });
  });

  it.each([
    [{ from: 'crm' }, 'from'],
    [{ compareWithSource: true }, 'compareWithSource'],
    [{ inPlace: true, into: 'elsewhere' }, 'into'],
    [{ into: '?' }, 'into'],
    [{ from: 'nothing' }, 'from'],
    [{ inplace: true }, 'inplace'],
  ])('refuses %j and names the field', async (sent, field) => {
    const { body } = await post('/operations/rebuild?view=things', sent).expect(422);
    expect(body.errors).toMatchObject([{ field }]);
  });

  const holder = 'process 1 on elsewhere';
  /** Stores a rebuild as another process does; it holds the lease unless `leaseUntil` is 0. */
  const storeRebuild = (leaseUntil: number, more: Partial<NonNullable<Pointer['rebuild']>> = {}) => {
    const context = { store: service.store, secondaryStore: service.platform.stateStore };
    const pointers = createStores(openViewStores(registered[0] as RegisteredView, context))();
    return changePointer(pointers, 'things', (held) => ({
      ...held,
      rebuild: {
        ...{ into: { number: 2 }, inPlace: false, phase: 'replaying', holder, leaseUntil },
        ...{ startedAt: 0, next: {}, ends: {}, setAside: 0 },
        ...more,
      },
    }));
  };
  const running = async () => (await get('/operations/rebuild?view=things').expect(200)).body.running;

  it('of a killed process is shown with the request that continues it; any other is refused without waiting for its lease', async () => {
    const rebuild = '/operations/rebuild';
    const cases = [
      [{}, { path: rebuild, body: { from: 'log', inPlace: false } }],
      [{ inPlace: true }, { path: rebuild, body: { from: 'log', inPlace: true } }],
      [{ snapshot: { isComplete: false } }, { path: rebuild, body: { from: 'crm', inPlace: false } }],
      [
        { into: { number: 2, store: 'elsewhere' } },
        { path: rebuild, body: { from: 'log', inPlace: false, into: 'elsewhere' } },
      ],
      [{ phase: 'abandoned' }, { path: '/operations/rebuild/abandon', body: null }],
    ] as const;
    for (const [stored, continueWith] of cases) {
      await storeRebuild(1, stored);
      expect(await running()).toMatchObject({ holder, isActive: false, isHeld: true, continueWith });
      if (Object.keys(stored).length === 0) continue;
      const { body } = await post('/operations/rebuild?view=things').expect(409);
      expect([body.type, body.detail]).toEqual([
        'urn:problem:rebuild-refused',
        expect.stringMatching(/is unfinished\. Finish it: |was given up and is removed in part/),
      ]);
    }
  });

  it('is refused while another process works on one', async () => {
    const renew = storeRebuild;
    await renew(1);
    expect(await running()).toMatchObject({ holder, isActive: false, isHeld: true, into: { number: 2 } });
    const { body: refused } = await post('/operations/switch-back?view=things').expect(409);
    expect(refused).toMatchObject({
      type: 'urn:problem:rebuild-refused',
      detail: expect.stringMatching(/is unfinished/),
    });
    for (const path of ['rebuild', 'rebuild/abandon']) {
      let answer: { status: number; body: { type: string; detail: string } } | undefined;
      let renewals = 1;
      void post(`/operations/${path}?view=things`).then((response) => {
        answer = response;
      });
      await eventually(async () => {
        await renew(++renewals);
        expect(answer).toBeDefined();
      });
      expect([answer?.status, answer?.body.type, answer?.body.detail]).toEqual([
        409,
        'urn:problem:rebuild-in-progress',
        expect.stringContaining(`A rebuild by ${holder} is in progress.`),
      ]);
    }
  });

  it('refuses to give up or to switch back to nothing', async () => {
    for (const path of ['rebuild/abandon', 'switch-back']) {
      const { body } = await post(`/operations/${path}?view=things`).expect(409);
      expect([body.type, body.detail]).toEqual(['urn:problem:rebuild-refused', expect.stringMatching(/There is no/)]);
    }
  });
});

describe('the removal of earlier generations', () => {
  const state = async () => (await get('/operations/rebuild?view=things').expect(200)).body;

  it('does nothing where there are none', async () => {
    await post('/operations/retire?view=things').expect(202);
    expect(await state()).toMatchObject({
      last: { action: 'retire', result: 'retired', detail: 'There is no generation to remove.' },
      retiring: null,
    });
  });

  it('is shown while it runs, and excludes a rebuild', async () => {
    await post('/operations/rebuild?view=things').expect(202);
    await eventually(async () => expect((await state()).last).toMatchObject({ result: 'switched' }));
    const removal = post('/operations/retire?view=things').then(({ status }) => status);
    const retiring = { generations: [{ number: 1 }], isActive: true };
    await eventually(async () => expect(await state()).toMatchObject({ retiring, running: null }));
    const { body } = await post('/operations/rebuild?view=things').expect(409);
    expect(body.detail).toBe('The removal of earlier generations by this service is in progress.');
    expect((await state()).switchBackTo).toBeNull();
    expect(await removal).toBe(202);
  });
});

describe('dead letters', () => {
  const letters = async () =>
    (await get('/operations/dead-letters?view=things').set('Authorization', authorization).expect(200)).body;

  it('are listed, replayed and discarded', async () => {
    await service.bus.publish(things.topic.name, [{ id: '1', key: 'bad', value: Buffer.from('not JSON') }]);
    await settled();
    const { items, total } = await eventually(async () => {
      const listed = await letters();
      expect(listed.total).toBe(1);
      return listed;
    });
    expect([total, items[0].value, items[0].isWithheld]).toEqual([1, 'not JSON', false]);
    const ids = [items[0].id];
    expect((await post('/operations/dead-letters/replay?view=things', { ids }).expect(200)).body).toEqual({
      replayed: 1,
    });
    const discarded = await post('/operations/dead-letters/discard?view=things', { all: true }).expect(200);
    expect(discarded.body).toEqual({ discarded: 1, withoutPlace: 0 });
    expect((await letters()).items[0].state).toBe('discarded');
  });

  it('refuse an unknown id and an invalid choice', async () => {
    const path = '/operations/dead-letters/discard?view=things';
    const { body } = await post(path, { ids: ['things/0/9'] }).expect(404);
    expect(body.type).toBe('urn:problem:dead-letter-unknown');
    for (const sent of [{}, { ids: [] }, { ids: ['a'], all: true }, { all: false }]) await post(path, sent).expect(422);
  });
});

describe('an explanation', () => {
  it('is given for a key of a view that has one, from the log and the answer of the service itself', async () => {
    await service.publish(1);
    const { body } = await get('/operations/explain/key-1?view=things').expect(200);
    expect(body).toEqual({
      events: [{ key: 'key-1', end: 1 }],
      sides: [{ side: 'view', where: service.url }],
      agree: true,
      sentences: ['They agree.'],
    });
    expect((await get('/operations/explain/key-1').expect(200)).body).toEqual(body);
  });

  it('is refused for what is not a key, for a view without one, and where something does not answer', async () => {
    const { body } = await get('/operations/explain/x?view=things').expect(400);
    expect(body.errors).toEqual([{ field: 'key', expected: 'key- and a number', got: 'x' }]);
    const other = await get('/operations/explain/key-1?view=people').expect(400);
    expect(other.body.errors).toMatchObject([{ field: 'view', expected: 'one of things' }]);
    const failed = await get('/operations/explain/key-0').expect(503);
    expect([failed.body.type, failed.body.detail]).toEqual([
      'urn:problem:explain-failed',
      'The source does not answer.',
    ]);
  });
});

describe('explanations that take long', () => {
  const path = '/operations/explain/key-1';
  /** A log whose reads end only when they are stopped. */
  const startWithEndlessReads = async (explainTimeoutMs: number) => {
    const reads = { open: 0, stopped: 0 };
    const topicLog = (log: LogReader): LogReader => ({
      ...log,
      read: async (_topic, _ranges, _handle, signal) => {
        reads.open++;
        await once(signal as AbortSignal, 'abort');
        reads.stopped++;
        throw signal?.reason;
      },
    });
    const { url } = await start(token, { topicLog, explainTimeoutMs });
    return { url, reads };
  };

  it('are two at most; the next is refused until one ends, and one ends when its client leaves', async () => {
    const { url, reads } = await startWithEndlessReads(60 * 60 * 1_000);
    const clients = [new AbortController(), new AbortController()];
    const answers = clients.map(({ signal }) => fetch(`${url}${path}`, { signal }).catch(() => 'left'));
    await eventually(() => expect(reads.open).toBe(2));
    const { body, headers } = await request(url).get(path).expect(503);
    expect([body.type, body.remedy, headers['retry-after']]).toEqual([
      'urn:problem:too-many-explanations',
      'wait until one of them ends; npm run explain has no such limit',
      '1',
    ]);
    clients[0]?.abort();
    await eventually(() => expect(reads.stopped).toBe(1));
    const third = fetch(`${url}${path}`, { signal: (clients[1] as AbortController).signal }).catch(() => 'left');
    await eventually(() => expect(reads.open).toBe(3));
    clients[1]?.abort();
    expect(await Promise.all([...answers, third])).toEqual(['left', 'left', 'left']);
    await eventually(() => expect(reads.stopped).toBe(3));
  });

  it('are stopped after the time limit, and say so', async () => {
    const { url, reads } = await startWithEndlessReads(50);
    const { body } = await request(url).get(path).expect(503);
    expect([body.type, body.detail, body.remedy, reads]).toEqual([
      'urn:problem:explain-failed',
      'The topic was not read within 0.05 s.',
      'npm run explain has no such limit',
      { open: 1, stopped: 1 },
    ]);
  });
});

/** Opens an endless stream. */
const open = async (path: string) => {
  const stream = await followEvents(`${service.url}${path}`);
  onTestFinished(() => stream.leave());
  return stream;
};

describe('the events', () => {
  it('arrive as they are published, and a client continues where it was interrupted', async () => {
    await service.publish(1);
    const stream = await open('/operations/events?topic=things-topic');
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    await service.publish(2);
    const [record] = await eventually(() => {
      expect(recordsOf(stream.frames())).toHaveLength(1);
      return recordsOf(stream.frames());
    });
    expect(record).toMatchObject({
      topic: 'things-topic',
      key: 'key-2',
      value: { key: 'key-2', n: 2 },
      isWithheld: false,
    });
    const id = String(stream.frames().at(-1)?.id);
    stream.leave();
    await service.publish(3);
    const { text } = await get('/operations/events?follow=false&topic=things-topic')
      .set('Last-Event-ID', id)
      .expect(200);
    expect(recordsOf(parseFrames(text)).map(({ key }) => key)).toEqual(['key-3']);
    await get('/operations/events?follow=false').set('Last-Event-ID', 'x').expect(400);
  });

  it('begin with the last records, of one key if it is given', async () => {
    for (let n = 1; n <= 9; n++) await service.publish(n, n % 3 === 0 ? 'three' : `key-${n}`);
    const read = async (query: string) =>
      recordsOf(
        parseFrames((await get(`/operations/events?follow=false&topic=things-topic&${query}`).expect(200)).text),
      );
    expect(await read('last=4')).toHaveLength(4);
    expect((await read('last=2&key=three')).map(({ value }) => (value as Thing).n)).toEqual([6, 9]);
    expect(await read('last=0')).toEqual([]);
  });

  it('hide the values of a topic with personal data without the token', async () => {
    const value = Buffer.from(JSON.stringify(customerEvent(customerState('7'))));
    await service.bus.publish(people.topic.name, [{ id: '1', key: '7', value }]);
    const path = `/operations/events?follow=false&last=1&topic=${people.topic.name}`;
    const { text: hidden } = await get(path).expect(200);
    expect(recordsOf(parseFrames(hidden))).toMatchObject([
      { key: '7', type: 'utility.crm.customer-changed.v1', value: null, time: null, revision: null, isWithheld: true },
    ]);
    expect(hidden).not.toContain('Corinne');
    const { text: shown } = await get(path).set('Authorization', authorization).expect(200);
    expect(shown).toContain('Corinne');
  });

  it('are followed by five requests at most, and end at once when the service closes', async () => {
    const streams = [];
    for (let n = 0; n < 5; n++) streams.push(await open('/operations/events'));
    const refused = await get('/operations/events').expect(503);
    expect([refused.body.type, refused.headers['retry-after']]).toEqual(['urn:problem:too-many-tails', '1']);
    streams[0]?.leave();
    await eventually(() => get('/operations/events?follow=false').expect(200));
    const closing = service.close();
    await Promise.all(streams.map(({ ended }) => ended));
    await closing;
  });

  it('leave records out and count them for a client that is too slow', async () => {
    const { port } = new URL(service.url);
    const socket = connect(Number(port), '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    let text = '';
    socket.pause();
    socket.write(`GET /operations/events?topic=things-topic HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`);
    await eventually(() => service.publish(0).then(() => get('/operations/consumer-group?view=things')));
    const total = 6_000;
    const value = (n: number) => Buffer.from(JSON.stringify({ key: 'k', n, text: 'x'.repeat(4_000) }));
    for (let n = 0; n < total; n += 500)
      await service.bus.publish(
        things.topic.name,
        Array.from({ length: 500 }, (_, i) => ({ id: `${n + i}`, key: 'k', value: value(n + i) })),
      );
    await settled();
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.resume();
    await eventually(() => expect(text).toContain('event: gap'));
    const received = () => text.match(/"offset":/g)?.length ?? 0;
    const skipped = () => [...text.matchAll(/"skipped":(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
    await eventually(() => expect(received() + skipped()).toBeGreaterThanOrEqual(total));
    expect(received()).toBeLessThan(total);
    socket.end();
    await once(socket, 'close');
  });
});
