import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './eventually.ts';
import { fetchMandate, getJson } from './http.ts';
import { createComponentsFolder, type Member, startCrmMember, startIotMember } from './stack/dapr-lab.ts';
import { resetStack, withKafkaAdmin } from './stack/fresh.ts';
import { isStackReady } from './stack/stack.ts';

describe.runIf(await isStackReady())('the IoT platform on dapr-components/variants/fast', () => {
  const members: Member[] = [];
  beforeAll(() => resetStack(), 900_000);
  afterAll(async () => void (await Promise.all(members.map((member) => member.end('SIGKILL')))));

  it('consumes each partition through its own component', async () => {
    const resources = createComponentsFolder(undefined, 'dapr-components/variants/fast');
    const crm = await startCrmMember(resources);
    members.push(crm);
    const iotPlatform = await startIotMember(resources);
    members.push(iotPlatform);
    const customers = Object.values((await getJson(`${crm.url}/`)).body) as Record<string, string>[];
    expect(customers).toHaveLength(8);
    for (const { connectionId, connectionMandate } of customers)
      await eventually(async () =>
        expect(await fetchMandate(iotPlatform, String(connectionId))).toBe(connectionMandate),
      );
    const consumers = async () => {
      const { groups } = await withKafkaAdmin((admin) => admin.describeGroups(['iot-platform-consumer']));
      return groups.flatMap(({ members }) => members);
    };
    await eventually(async () => expect(await consumers()).toHaveLength(4));
    await eventually(async () =>
      expect((await getJson(`${iotPlatform.url}/readyz`)).body).toMatchObject({ status: 'ready' }),
    );
  });
});
