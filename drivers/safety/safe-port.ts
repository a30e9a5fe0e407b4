import type { Clock } from '../../protocol/common/clock.ts';
import { messageOf } from '../../protocol/common/errors.ts';
import type { SafeReport } from '../contract.ts';
import type { Transport } from '../transport/contract.ts';
import { within } from '../transport/deadline.ts';

/** Of the two seconds that making safe may take; the rest is for closing. */
const WORK_MS = 1700;

/**
 * Makes a board safe through one port, which is closed again when this resolves, whatever became of it: the device opens the
 * same port right afterwards. Never rejects.
 * @param work begins with the port open, and ends with its signal at the latest
 */
export async function makeSafeThrough(clock: Clock, transport: Transport, work: (signal: AbortSignal) => Promise<SafeReport>): Promise<SafeReport> {
  const late = new AbortController();
  try {
    const working = transport.open().then(() => {
      late.signal.throwIfAborted();
      return work(late.signal);
    });
    const report = await within(clock, WORK_MS, working);
    return report === 'late' ? { safe: false, words: `${transport.name}: not done within ${WORK_MS} ms` } : report;
  } catch (error) {
    return { safe: false, words: messageOf(error) };
  } finally {
    late.abort(new Error(`making ${transport.name} safe took too long`));
    await transport.close();
  }
}
