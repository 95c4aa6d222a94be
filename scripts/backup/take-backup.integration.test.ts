import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { openSqlite } from '../../lib/database/sqlite.ts';
import { dataFolder } from '../../tests/platform-process.ts';
import { takeBackup } from './take-backup.ts';

it('a backup whose copying process cannot start fails and says so', async () => {
  const file = join(dataFolder(), 'crm.sqlite');
  openSqlite(file).close();
  vi.stubEnv('NODE_OPTIONS', '--no-such-option');
  onTestFinished(() => void vi.unstubAllEnvs());
  const options = { release: '0.1.0', now: Date.now, progress: () => {} };
  const backup = takeBackup({ 'crm.sqlite': file }, join(dataFolder(), 'backup'), options);
  await expect(backup).rejects.toThrow(`${file} is not copied: its process ended`);
});
