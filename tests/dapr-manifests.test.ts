import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { root } from './platform-process.ts';

/**
 * What Dapr's CRDs require, of the parts that are used here (charts/dapr/crds of Dapr 1.18.2). A sidecar takes a file without them;
 * Kubernetes refuses it. A field is required where its parent is; `[]` goes through a list.
 */
const crds: Record<string, { apiVersion: string; required: string[] }> = {
  Component: {
    apiVersion: 'dapr.io/v1alpha1',
    required: [
      'spec.type',
      'spec.version',
      'spec.metadata',
      'spec.metadata[].name',
      'spec.metadata[].secretKeyRef.name',
    ],
  },
  Configuration: {
    apiVersion: 'dapr.io/v1alpha1',
    required: [
      'spec.metrics.enabled',
      'spec.metrics.rules[].name',
      'spec.metrics.rules[].labels',
      'spec.tracing.samplingRate',
      'spec.tracing.zipkin.endpointAddress',
      'spec.tracing.otel.endpointAddress',
      'spec.tracing.otel.isSecure',
      'spec.tracing.otel.protocol',
      'spec.accessControl.policies[].appId',
      'spec.features[].name',
      'spec.features[].enabled',
      'spec.secrets.scopes',
      'spec.api.allowed[].name',
      'spec.api.allowed[].version',
    ],
  },
  Subscription: {
    apiVersion: 'dapr.io/v2alpha1',
    required: [
      'spec.pubsubname',
      'spec.topic',
      'spec.routes',
      'spec.routes.rules[].match',
      'spec.routes.rules[].path',
      'spec.bulkSubscribe.enabled',
    ],
  },
  Resiliency: { apiVersion: 'dapr.io/v1alpha1', required: ['spec.policies', 'spec.targets'] },
};

type Fields = Record<string, unknown>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

const valuesAt = (value: unknown, path: readonly string[]): unknown[] => {
  const [step, ...rest] = path;
  if (step === undefined) return [value];
  const name = step.replace('[]', '');
  const next = isFields(value) ? value[name] : undefined;
  return (step === name ? [next] : Array.isArray(next) ? next : []).flatMap((inner) => valuesAt(inner, rest));
};

const problemsOf = (manifest: unknown): string[] => {
  const { kind, apiVersion, metadata } = manifest as { kind: string; apiVersion: string; metadata?: Fields };
  const crd = crds[kind];
  if (!crd) return [`no such kind: ${kind}`];
  const missing = crd.required.filter((path) => {
    const steps = path.split('.');
    return valuesAt(manifest, steps.slice(0, -1)).some(
      (parent) => isFields(parent) && parent[String(steps.at(-1))] === undefined,
    );
  });
  return [
    ...(apiVersion === crd.apiVersion ? [] : [`apiVersion: ${apiVersion}`]),
    ...(metadata?.name ? [] : ['metadata.name']),
    ...missing,
  ];
};

const read = (yaml: string): unknown[] => [...parseAllDocuments(yaml)].map((document) => document.toJS());
const files = readdirSync(join(root, 'dapr-components'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => join('dapr-components', file));

describe('the YAML for Dapr', () => {
  it('exists in every folder', () => expect(files.length).toBeGreaterThan(25));

  it.each(files)('%s has what Dapr’s CRDs require', (file) => {
    const manifests = read(readFileSync(join(root, file), 'utf8'));
    expect(manifests).not.toEqual([]);
    expect(manifests.flatMap(problemsOf)).toEqual([]);
  });

  it.each(
    files.filter((file) => file.endsWith('config.yaml')),
  )('%s records no metrics, which cost CPU time', (file) => {
    const [configuration] = read(readFileSync(join(root, file), 'utf8')) as [{ spec: Fields }];
    expect(configuration.spec.metrics).toMatchObject({ enabled: false });
  });
});

describe('the check', () => {
  const [configuration] = read(readFileSync(join(root, 'dapr-components/config.yaml'), 'utf8')) as [{ spec: Fields }];
  const withSpec = (spec: Fields) => problemsOf({ ...configuration, spec: { ...configuration.spec, ...spec } });

  it('names every required field that is missing', () => {
    expect(withSpec({ metrics: { http: {} } })).toEqual(['spec.metrics.enabled']);
    expect(withSpec({ tracing: { samplingRate: '1', otel: { protocol: 'http' } } })).toEqual([
      'spec.tracing.otel.endpointAddress',
      'spec.tracing.otel.isSecure',
    ]);
    expect(problemsOf({ ...configuration, apiVersion: 'v1', metadata: {} })).toEqual([
      'apiVersion: v1',
      'metadata.name',
    ]);
    const component = { kind: 'Component', apiVersion: 'dapr.io/v1alpha1', metadata: { name: 'a' } };
    expect(problemsOf({ ...component, spec: { type: 'state.redis', metadata: [{ value: '' }] } })).toEqual([
      'spec.version',
      'spec.metadata[].name',
    ]);
  });

  it('requires no field of a part that is absent', () =>
    expect(withSpec({ metrics: undefined, tracing: undefined })).toEqual([]));
});
