import type { KnipConfig } from 'knip';

/** `knip` finds what nothing uses, and `knip --production` what only tests use. */
export default ({ production = false }: { production?: boolean }): KnipConfig => ({
  entry: [
    '{crm,customer-view,iot-platform}/main.ts!',
    'crm/cli/{import,migrate,republish}.ts!',
    'scripts/{start,stack,lab,consumer-group,dead-letters,rebuild,orders,explain,status,doctor,demo,backup,restore}.ts!',
    'packages/http/openapi/docs/show.js!',
    'console/app/main.tsx!',
    'bench/{bench,growth,capacity,lists,import,blocking,orders,console}.ts!',
    'bench/baselines/*.ts!',
    'scripts/{test,lint,check,schemas}.ts',
    'tests/chaos.ts',
    'tests/{*-until-killed,endless-close,path-of-a-change/change-one-mandate}.ts',
    'tests/{chaos/patch-sources,without-peer-packages}.mjs',
  ],
  // faults.ts makes adapters misbehave in tests.
  project: [
    '**/*.{ts,tsx,js,mjs}!',
    '!tests/**!',
    '!{**/*.contract,packages/projections/faults}.ts!',
    '!scripts/{{test,lint,check,run-tools,schemas}.ts,schemas/{check,compare-*}.ts,{run,install}.mjs}!',
  ],
  // A unit test may import what its file exports for it; code that nothing but a test runs is found all the same.
  ignoreExportsUsedInFile: production,
  // Tests enter another area by its index.ts, as its users do.
  ignoreIssues: production ? { '**/index.ts': ['exports', 'types', 'files'] } : {},
  // scripts/run.mjs and scripts/lint.ts start them by name.
  ignoreDependencies: ['tsx', '@biomejs/biome', 'oxlint', 'oxlint-tsgolint'],
  ignoreBinaries: ['mount', 'umount'],
});
