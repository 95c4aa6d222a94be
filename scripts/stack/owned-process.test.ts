import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isAlive, logOf, ownedProcess, startProcess, stopProcess } from './owned-process.ts';
import { waitUntil } from './wait-until.ts';

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'owned-process-'));
const node = (script: string) => ({ program: process.execPath, args: ['-e', script] });
const sleeping = node('setInterval(() => {}, 1000)');

describe.skipIf(process.platform !== 'linux')('a process of ours', () => {
  it('is found again by its record, and is gone when it is stopped', async () => {
    const folder = newFolder();
    const owned = startProcess(folder, sleeping);
    expect(ownedProcess(folder)).toEqual(owned);
    await stopProcess(folder, owned, 5);
    expect(isAlive(owned)).toBe(false);
    expect(ownedProcess(folder)).toBeUndefined();
  });

  it('is ended by force when it does not end when asked', async () => {
    const folder = newFolder();
    const owned = startProcess(
      folder,
      node(`process.on('SIGTERM', () => {}); console.log('deaf'); setInterval(() => {}, 1000)`),
    );
    expect(await waitUntil(10, () => readFileSync(logOf(folder), 'utf8').includes('deaf'))).toBe(true);
    await stopProcess(folder, owned, 0.3);
    expect(isAlive(owned)).toBe(false);
  });

  it('is not taken for another that has its pid', async () => {
    const folder = newFolder();
    const owned = startProcess(folder, sleeping);
    const earlier = { ...owned, began: `${owned.began}1` };
    writeFileSync(join(folder, 'process.json'), JSON.stringify(earlier));
    expect(ownedProcess(folder)).toBeUndefined();
    await stopProcess(folder, earlier, 0.3);
    expect(isAlive(owned)).toBe(true);
    await stopProcess(folder, owned, 5);
  });

  it('that cannot be started says so', () => {
    expect(() => startProcess(newFolder(), { program: '/no/such/program', args: [] })).toThrow('/no/such/program');
  });
});
