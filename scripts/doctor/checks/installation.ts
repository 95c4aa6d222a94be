import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Finding, ok, problem } from '../finding.ts';
import { createCheck } from '../run-checks.ts';

const root = join(import.meta.dirname, '../../..');
const readJson = (file: string): Record<string, unknown> => {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8'));
  } catch {
    return {};
  }
};

type NodeFacts = { readonly version: string; readonly required: string };

/** `required` is a lower limit such as >=20.19. */
export const assessNode = ({ version, required }: NodeFacts): readonly Finding[] => {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const [leastMajor = 0, leastMinor = 0] = required.replace(/^>=/, '').split('.').map(Number);
  const isSupported = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  if (isSupported) return [ok(`Node ${version}, which is ${required}`)];
  return [problem(`Node ${version} is not ${required}`, `nvm install ${leastMajor}`)];
};

export const node = createCheck(
  { name: 'node', remedy: 'node --version' },
  () => ({ version: process.version, required: (readJson('package.json').engines as { node: string }).node }),
  assessNode,
);

type LockedPackage = {
  readonly version: string;
  readonly dev?: boolean;
  readonly peer?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
};
type Packages = Readonly<Record<string, LockedPackage>>;
type PackageFacts = { readonly locked: Packages; readonly installed: Packages };

/** The packages of tests and of tracing may be absent, and optional ones may be for another operating system. */
export const assessPackages = ({ locked, installed }: PackageFacts): readonly Finding[] => {
  const needed = Object.entries(locked).filter(
    ([path, { dev, peer, optional, devOptional }]) => path !== '' && !dev && !peer && !optional && !devOptional,
  );
  const differing = needed.filter(([path, { version }]) => installed[path]?.version !== version);
  if (differing.length === 0) return [ok(`${needed.length} packages are installed as package-lock.json has them`)];
  const [[path = '', { version }]] = differing as [[string, LockedPackage]];
  const name = path.replace(/^.*node_modules\//, '');
  const found = installed[path]?.version ?? 'none';
  return [
    problem(
      `${differing.length} of ${needed.length} packages are not as in package-lock.json, for example ${name}: ${found} instead of ${version}`,
      'npm ci',
    ),
  ];
};

export const packages = createCheck(
  { name: 'packages', remedy: 'npm ci' },
  () => ({
    locked: (readJson('package-lock.json').packages ?? {}) as Packages,
    installed: (readJson('node_modules/.package-lock.json').packages ?? {}) as Packages,
  }),
  assessPackages,
);
