/** Entry of a hashing worker thread. Never returns to its event loop while it hashes: jobs are read from the port by hand. */
import os from 'node:os';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { NICE_SET, THREAD, threadWord } from '../counters.ts';
import { jsScanner } from '../js/scanner.ts';
import { wasmScanner } from '../wasm/scanner.ts';
import { WorkerSearch } from './search.ts';
import type { WorkerJob, WorkerSetup } from './shared.ts';

const setup = workerData as WorkerSetup;
const port = parentPort;
if (!port) throw new Error('this file is a worker thread');

// On Linux process id 0 means the calling thread; elsewhere it would slow down the whole process.
if (process.platform === 'linux') {
  try {
    os.setPriority(0, setup.nice);
    Atomics.store(setup.counters, threadWord(setup.index, THREAD.settings), NICE_SET);
  } catch {
    // Not granted: told by the counters.
  }
}

const scanner = setup.module ? wasmScanner(setup.module) : jsScanner();
const search = new WorkerSearch(setup, scanner, {
  takeJob() {
    let newest: WorkerJob | null | undefined;
    for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) newest = next.message as WorkerJob | null;
    return newest;
  },
  notify: () => port.postMessage(null),
});
search.run();
