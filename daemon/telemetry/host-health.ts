import os from 'node:os';
import type { HostHealth } from './payloads.ts';

/** Memory and load of this process and machine, now. */
export function readHostHealth(): HostHealth {
  const { rss, heapUsed } = process.memoryUsage();
  return {
    rss_bytes: rss,
    heap_used_bytes: heapUsed,
    load_1m: os.loadavg()[0] ?? 0,
    cpus: os.availableParallelism(),
    memory_free_bytes: os.freemem(),
    memory_total_bytes: os.totalmem(),
  };
}
