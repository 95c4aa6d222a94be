import { defineConfig } from 'vitest/config';

const integration = ['**/*.integration.test.ts'];
const e2e = ['**/*.e2e.test.ts'];
const never = ['**/node_modules/**', '**/.data/**'];

/** Slow tests have the machine to themselves: one file at a time, one group after the other. */
const slow = (groupOrder: number) => ({
  exclude: never,
  hookTimeout: 900_000,
  fileParallelism: false,
  sequence: { groupOrder },
});

export default defineConfig({
  test: {
    reporters: ['default', './tests/closing-line.ts'],
    testTimeout: 600_000,
    globalSetup: ['./tests/temporary-files.ts'],
    coverage: {
      provider: 'v8',
      include: ['{contracts,crm,customer-view,iot-platform,packages}/**/*.ts'],
      exclude: ['**/*.{test,contract}.ts'],
      // tests/closing-line.ts prints the figures; --coverage.reporter=html shows the lines.
      reporter: [],
      reportsDirectory: '.data/coverage',
      thresholds: { lines: 88, branches: 83.5 },
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'fast',
          include: ['**/*.test.ts'],
          exclude: [...never, ...integration, ...e2e],
          // The files of a worker share their modules, because loading them again costs more than most tests.
          isolate: false,
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: integration,
          globalSetup: ['./tests/temporary-files.ts', './tests/compiled.ts'],
          ...slow(1),
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: e2e,
          globalSetup: ['./tests/temporary-files.ts', './tests/compiled.ts', './tests/stack/setup.ts'],
          ...slow(2),
        },
      },
    ],
  },
});
