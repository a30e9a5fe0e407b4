import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{protocol,drivers,kernels,daemon,config,sim,bench,test}/**/*.test.ts'],
    // The slow lane: minutes of simulated power cuts and real kills.
    exclude: [...configDefaults.exclude, ...(process.env.RIGBRAIN_FAST === '1' ? ['**/*.slow.test.ts'] : [])],
    setupFiles: ['test/patience.ts'],
    // Real sockets and real hashing in test/: generous, but every test still has its own deadline.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Two cores on the smallest machines we build on; hashing tests would starve the socket tests otherwise.
    maxWorkers: 2,
    maxConcurrency: 2,
  },
});
