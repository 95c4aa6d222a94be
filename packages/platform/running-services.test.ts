import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listRunningServices, recordService } from './running-services.ts';

const openFolder = () => mkdtempSync(join(tmpdir(), 'running-'));
const crm = { service: 'crm', url: 'http://localhost:4005' };
const noon = { now: () => Date.parse('2026-11-26T12:00:00.000Z') };
const recordCrm = (dataDir: string, url = crm.url) => recordService({ dataDir }, { ...crm, url }, noon);

describe('a service that listens', () => {
  it('is recorded with its address, ports, process and start, until its record is removed', () => {
    const dataDir = openFolder();
    const remove = recordCrm(dataDir);
    const dapr = {
      sidecarPort: 3908,
      sidecarGrpcPort: 3909,
      sidecarToken: undefined,
      appToken: 'secret',
      kafkaBrokers: [],
    };
    const view = { service: 'iot-platform', url: 'http://localhost:3008', deliveryPort: 5002 };
    const removeView = recordService({ dataDir, dapr }, view, noon);
    const ofProcess = { pid: process.pid, startedAt: '2026-11-26T12:00:00.000Z' };
    expect(listRunningServices(dataDir)).toEqual([
      { ...crm, ...ofProcess },
      { ...view, sidecarPort: 3908, sidecarGrpcPort: 3909, ...ofProcess },
    ]);
    expect(readFileSync(join(dataDir, 'running/iot-platform.json'), 'utf8')).not.toContain('secret');
    remove();
    removeView();
    expect(listRunningServices(dataDir)).toEqual([]);
    expect(readdirSync(join(dataDir, 'running')).filter((file) => !file.endsWith('.lock'))).toEqual([]);
  });

  it('is recorded for this user only', () => {
    const dataDir = openFolder();
    const remove = recordCrm(dataDir);
    expect(statSync(join(dataDir, 'running')).mode & 0o077).toBe(0);
    expect(statSync(join(dataDir, 'running/crm.json')).mode & 0o077).toBe(0);
    remove();
  });

  it('has a record of its own next to other instances, whose names are used again', () => {
    const dataDir = openFolder();
    const removals = [recordCrm(dataDir, 'http://localhost:1'), recordCrm(dataDir, 'http://localhost:2')];
    removals.shift()?.();
    removals.push(recordCrm(dataDir, 'http://localhost:3'));
    expect(listRunningServices(dataDir).map(({ url }) => url)).toEqual(['http://localhost:3', 'http://localhost:2']);
    expect(readdirSync(join(dataDir, 'running')).filter((file) => file.endsWith('.json'))).toHaveLength(2);
    for (const remove of removals) remove();
  });

  it('runs without a record where none can be written', () => {
    const dataDir = join(openFolder(), 'file');
    writeFileSync(dataDir, '');
    expect(() => recordCrm(dataDir)()).not.toThrow();
    expect(listRunningServices(dataDir)).toEqual([]);
  });
});

describe('a record', () => {
  it('without a lock is ignored, although a process with its pid runs', () => {
    const dataDir = openFolder();
    mkdirSync(join(dataDir, 'running'));
    const left = { ...crm, pid: process.pid, startedAt: '2026-11-26T12:00:00.000Z' };
    const file = join(dataDir, 'running/crm.json');
    writeFileSync(file, JSON.stringify(left));
    expect(listRunningServices(dataDir)).toEqual([]);
    writeFileSync(join(dataDir, 'running/crm.lock'), '');
    expect(listRunningServices(dataDir)).toEqual([]);
    const remove = recordCrm(dataDir, 'http://localhost:4006');
    expect(listRunningServices(dataDir)).toMatchObject([{ url: 'http://localhost:4006' }]);
    remove();
  });

  it.each([
    '',
    '{',
    '[]',
    '{"service":"crm"}',
    '{"service":"crm","url":"none","pid":1,"startedAt":"now"}',
  ])('that is no record is ignored: %j', (text) => {
    const dataDir = openFolder();
    const remove = recordCrm(dataDir);
    writeFileSync(join(dataDir, 'running/crm.json'), text);
    expect(listRunningServices(dataDir)).toEqual([]);
    remove();
  });
});
