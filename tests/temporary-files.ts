import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What the tests leave in the system's folder for temporary files goes with the run, even when a worker is killed. */
export default () => {
  const usual = process.env.TMPDIR;
  const folder = mkdtempSync(join(tmpdir(), 'connection-mandates-tests-'));
  process.env.TMPDIR = folder;
  return () => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    if (usual === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = usual;
  };
};
