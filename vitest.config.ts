import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Tests run against the sources: a change in a lower package is seen without a build.
  resolve: { conditions: ['busbar:source'] },
  ssr: { resolve: { conditions: ['busbar:source', 'node'] } },
  test: {
    include: [
      'packages/*/test/**/*.test.ts',
      'test/**/*.test.ts',
      'conformance/test/**/*.test.ts',
      'fuzz/test/**/*.test.ts',
    ],
    // Many tests wait for other processes: every processor has one to work on meanwhile.
    maxWorkers: '100%',
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
