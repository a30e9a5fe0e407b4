import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{protocol,drivers,kernels,daemon,config,sim,bench,test}/**/*.test.ts'],
    // Real sockets and real hashing in test/: generous, but every test still has its own deadline.
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // Two cores on the smallest machines we build on; hashing tests would starve the socket tests otherwise.
    maxWorkers: 2,
  },
});
