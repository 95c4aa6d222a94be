import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** Restores a backup and kills its own process before the Nth change of the file system. */
const [folder = '', dataDir = '', killAt = ''] = process.argv.slice(2);
let changes = 0;
const killing = new Set(['renameSync', 'rmSync', 'copyFileSync', 'writeFileSync', 'chmodSync', 'fsyncSync'] as const);
for (const name of killing) {
  const change = fs[name] as (...values: unknown[]) => unknown;
  const counted = (...values: unknown[]) => {
    if (++changes === Number(killAt)) process.kill(process.pid, 'SIGKILL');
    return change(...values);
  };
  fs[name] = counted as never;
}
syncBuiltinESMExports();

const { locateDatabaseFiles } = await import('../scripts/backup/files.ts');
const { restoreBackup } = await import('../scripts/backup/restore-backup.ts');
await restoreBackup(folder, locateDatabaseFiles({ DATA_DIR: dataDir }), { isStopped: false, print: () => {} });
process.stdout.write(`restored after ${changes} changes`);
