import { describe, expect, it } from 'vitest';
import { openEmbeddedPlatform } from '../embedded/platform.ts';
import { withKeyPrefix } from './key-prefix.ts';
import { stateStoreContract } from './state-store.contract.ts';

describe('a state store whose keys have a prefix', () => {
  stateStoreContract(async () => withKeyPrefix(openEmbeddedPlatform(':memory:', []).stateStore('primary'), 'counts/'));

  it('shares its store with others, and none of them sees the keys of another', async () => {
    const store = openEmbeddedPlatform(':memory:', []).stateStore('primary');
    const [one, other] = [withKeyPrefix(store, 'one/'), withKeyPrefix(store, '')];
    await one.transact([{ key: '7733', value: 1 }]);
    await other.transact([{ key: '7733', value: 2 }]);
    await other.remove(['1721']);
    expect((await one.getMany(['7733'])).get('7733')?.value).toBe(1);
    expect([...(await store.getMany(['7733', 'one/7733'])).keys()].sort()).toEqual(['7733', 'one/7733']);
    await other.remove(['7733']);
    expect((await one.getMany(['7733'])).size).toBe(1);
  });
});
