import { configDefaults, defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The slow lane first: what takes minutes must not be what everybody waits for at the end. */
class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isSlow = ({ moduleId }: TestSpecification): boolean => moduleId.endsWith('.slow.test.ts');
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))];
  }
}

export default defineConfig({
  test: {
    include: ['{protocol,drivers,kernels,daemon,config,sim,bench,web,test}/**/*.test.ts'],
    // The slow lane: minutes of simulated power cuts and real kills.
    exclude: [...configDefaults.exclude, ...(process.env.RIGBRAIN_FAST === '1' ? ['**/*.slow.test.ts'] : [])],
    setupFiles: ['test/patience.ts'],
    // Real sockets and real hashing in test/: generous, but every test still has its own deadline.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Two cores on the smallest machines we build on; hashing tests would starve the socket tests otherwise.
    maxWorkers: 2,
    maxConcurrency: 2,
    sequence: { sequencer: SlowFirst },
  },
});
