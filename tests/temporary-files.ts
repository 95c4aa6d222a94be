import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Gives the run its own folder for temporary files and removes it at the end, so that killed workers leave no files. */
export default () => {
  const previous = process.env.TMPDIR;
  const folder = mkdtempSync(join(tmpdir(), 'connection-mandates-tests-'));
  process.env.TMPDIR = folder;
  return () => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    if (previous === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = previous;
  };
};
