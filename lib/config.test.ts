import { describe, expect, it } from 'vitest';
import { readCrmConfig } from '../crm/config.ts';
import { readIotPlatformConfig } from '../iot-platform/config.ts';

describe('configuration', () => {
  it('has the lab’s ports and listens on loopback', () => {
    expect(readCrmConfig({})).toMatchObject({ host: '127.0.0.1', port: 3005, databaseUrl: 'memory' });
    expect(readIotPlatformConfig({})).toMatchObject({ host: '127.0.0.1', port: 3008, stateStoreName: 'statestore' });
  });

  it('takes an empty variable for one that is not set', () =>
    expect(readCrmConfig({ APP_PORT: '' })).toMatchObject({ port: 3005 }));

  it('takes the address of a Redis only as such', () => {
    expect(readIotPlatformConfig({ REDIS_URL: 'rediss://user:secret@redis:6380' })).toMatchObject({
      redisUrl: 'rediss://user:secret@redis:6380',
    });
    expect(() => readIotPlatformConfig({ REDIS_URL: 'localhost:6379' })).toThrow('REDIS_URL: an address such as');
  });

  it('reports every problem at once', () => {
    const read = () => readCrmConfig({ APP_PORT: 'x', CRM_DATABASE_URL: 'oracle:1', LOG_LEVEL: 'loud' });
    for (const problem of ['APP_PORT: a port', 'CRM_DATABASE_URL: memory, sqlite: and a file', 'LOG_LEVEL: trace'])
      expect(read).toThrow(problem);
  });
});
