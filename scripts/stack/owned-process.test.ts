import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findOwnedProcess, isAlive, logFile, startProcess, stopProcess } from './owned-process.ts';
import { waitUntil } from './wait-until.ts';

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'owned-process-'));
const node = (script: string) => ({ program: process.execPath, args: ['-e', script] });
const sleeping = node('setInterval(() => {}, 1000)');

describe.skipIf(process.platform !== 'linux')('an owned process', () => {
  it('is found by the record in its folder until it is stopped', async () => {
    const folder = newFolder();
    const owned = startProcess(folder, sleeping);
    expect(findOwnedProcess(folder)).toEqual(owned);
    await stopProcess(folder, owned, 5);
    expect(isAlive(owned)).toBe(false);
    expect(findOwnedProcess(folder)).toBeUndefined();
  });

  it('is killed when it ignores SIGTERM', async () => {
    const folder = newFolder();
    const owned = startProcess(
      folder,
      node(`process.on('SIGTERM', () => {}); console.log('ready'); setInterval(() => {}, 1000)`),
    );
    expect(await waitUntil(10, () => readFileSync(logFile(folder), 'utf8').includes('ready'))).toBe(true);
    await stopProcess(folder, owned, 0.3);
    expect(isAlive(owned)).toBe(false);
  });

  it('is not confused with another process that has the same pid', async () => {
    const folder = newFolder();
    const owned = startProcess(folder, sleeping);
    const earlier = { ...owned, began: `${owned.began}1` };
    writeFileSync(join(folder, 'process.json'), JSON.stringify(earlier));
    expect(findOwnedProcess(folder)).toBeUndefined();
    await stopProcess(folder, earlier, 0.3);
    expect(isAlive(owned)).toBe(true);
    await stopProcess(folder, owned, 5);
  });

  it('is reported by its program when it cannot be started', () => {
    expect(() => startProcess(newFolder(), { program: '/no/such/program', args: [] })).toThrow('/no/such/program');
  });
});
