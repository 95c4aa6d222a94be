import { defineConfig } from 'vitest/config';

const slow = ['**/*.integration.test.ts', '**/*.e2e.test.ts'];
const never = ['**/node_modules/**', '**/.data/**'];

export default defineConfig({
  test: {
    reporters: ['default', './tests/closing-line.ts'],
    testTimeout: 30_000,
    projects: [
      { extends: true, test: { name: 'fast', include: ['**/*.test.ts'], exclude: [...never, ...slow] } },
      {
        extends: true,
        test: { name: 'slow', include: slow, exclude: never, testTimeout: 180_000, fileParallelism: false },
      },
    ],
  },
});
