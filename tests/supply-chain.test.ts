import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

type LockedPackage = {
  version: string;
  license?: string;
  integrity?: string;
  resolved?: string;
  link?: boolean;
  peer?: boolean;
  dev?: boolean;
};
type Dependencies = Record<string, string>;
type Manifest = { dependencies: Dependencies; devDependencies: Dependencies; peerDependencies: Dependencies };

const read = (path: string): string => readFileSync(resolve(import.meta.dirname, '..', path), 'utf8');
const manifest = JSON.parse(read('package.json')) as Manifest;
const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> };
const { '': root, ...locked } = lock.packages;
const offending = (isWrong: (locked: LockedPackage) => boolean) =>
  Object.entries(locked).flatMap(([path, entry]) => (isWrong(entry) ? [path] : []));

/** Licences that require at most a notice. */
const allowedLicences =
  /^\(?((Apache-2\.0|MIT|ISC|0BSD|BSD-[23]-Clause|MPL-2\.0|CC0-1\.0|Unlicense)( (AND|OR) )?)+\)?$/i;

describe('the lock file', () => {
  it('has packages', () => expect(Object.keys(locked).length).toBeGreaterThan(100));

  it('belongs to package.json, which pins exact versions', () => {
    const { dependencies, devDependencies, peerDependencies } = manifest;
    expect(root).toMatchObject({ dependencies, devDependencies, peerDependencies });
    const versions = Object.entries({ ...dependencies, ...devDependencies, ...peerDependencies });
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
    expect(versions.filter(([name, version]) => locked[`node_modules/${name}`]?.version !== version)).toEqual([]);
  });

  it('has a SHA-512 of every package, and only sources in the npm registry', () => {
    expect(offending(({ integrity }) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? ''))).toEqual([]);
    expect(offending(({ link, resolved }) => link === true || !isFromRegistry(resolved))).toEqual([]);
  });

  it('leaves out exactly the packages of OpenTelemetry, redis and Avro with --omit=peer', () => {
    const leftOut = offending(({ peer, dev }) => peer === true && dev !== true);
    expect(leftOut).toEqual(
      Object.keys(locked).filter((path) => /^node_modules\/(avsc$|@opentelemetry\/|@redis\/|redis$)/.test(path)),
    );
    expect(leftOut).toEqual(
      expect.arrayContaining(Object.keys(manifest.peerDependencies).map((name) => `node_modules/${name}`)),
    );
  });

  it('has packages under allowed licences only', () =>
    expect(offending(({ license }) => !allowedLicences.test(license ?? ''))).toEqual([]));
});

const isFromRegistry = (resolved: string | undefined) =>
  resolved === undefined || resolved.startsWith('https://registry.npmjs.org/');

it('no installation runs scripts of packages', () => {
  const installs = ['Dockerfile', 'scripts/install.mjs'].map((path) => ({ path, text: read(path) }));
  for (const { path, text } of installs) expect(text, path).toContain('--ignore-scripts');
});

it('images are pinned by digest', () => {
  const images = [
    ...`${read('docker-compose.yml')}\n${read('Dockerfile')}\n${read('examples/billing-python/Dockerfile')}`.matchAll(
      /^\s*(?:image:|FROM) (\S+)/gm,
    ),
  ];
  expect(images.length).toBeGreaterThan(5);
  const byTag = images.map(([, image]) => String(image)).filter((image) => !/@sha256:[\da-f]{64}$/.test(image));
  expect(byTag.sort()).toEqual(['connection-mandates', 'connection-mandates-billing', ...withoutKnownDigest].sort());
});

/** `docker buildx imagetools inspect IMAGE` prints the missing digest. */
const withoutKnownDigest = [
  'openzipkin/zipkin-slim:3.5.1',
  'apicurio/apicurio-registry:3.3.3',
  'python:3.11.11-slim-bookworm',
];
