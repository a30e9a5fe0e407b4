/** Runs before every test file: a wait for something real has the time a busy machine of two cores takes, not a second. */
import { vi } from 'vitest';

/** Below the deadline of a test, so that it is told what was waited for. */
const PATIENCE_MS = 30_000;

const { waitFor, waitUntil } = vi;
vi.waitFor = (callback, options) => waitFor(callback, typeof options === 'number' ? options : { timeout: PATIENCE_MS, ...options });
vi.waitUntil = (callback, options) => waitUntil(callback, typeof options === 'number' ? options : { timeout: PATIENCE_MS, ...options });
