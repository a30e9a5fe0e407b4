/** Makes every board safe that configuration and USB know of, without driving any: before the daemon does anything, and after it was killed. */
import type { DriverDescriptor, SafeReport } from '../../drivers/contract.ts';
import { loadDriver } from '../../drivers/registry.ts';
import type { PortAccess } from '../../drivers/transport/contract.ts';
import { within } from '../../drivers/transport/deadline.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import { messageOf } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';

/** A device as far as it can be made safe. */
export interface BoardEntry {
  readonly id: string;
  readonly driver: string;
  /** As written in the configuration; checked here. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly ports: PortAccess;
}

export interface BoardReport extends SafeReport {
  readonly id: string;
  readonly driver: string;
  /** False: not plugged in, so there was nothing to do. */
  readonly found: boolean;
}

/** A board may take 2 s by its contract; one that takes longer is told as not safe, and the others are not held up. */
const DEADLINE_MS = 3000;

/** All at once. Never rejects: a board that cannot be reached is reported. Devices whose driver has nothing to make safe are left out. */
export async function makeBoardsSafe(entries: readonly BoardEntry[], deps: { readonly clock: Clock; readonly log: Log }): Promise<BoardReport[]> {
  const reports = await Promise.all(entries.map((entry) => safeOne(entry, deps)));
  return reports.filter((report) => report !== null);
}

async function safeOne(entry: BoardEntry, { clock, log }: { readonly clock: Clock; readonly log: Log }): Promise<BoardReport | null> {
  const { id, driver, ports } = entry;
  const report = (found: boolean, safe: boolean, words: string): BoardReport => ({ id, driver, found, safe, words });
  try {
    const descriptor: DriverDescriptor = await loadDriver(driver);
    if (!descriptor.makeSafe) return null;
    const located = await ports.locate();
    // What is not there cannot be running on our account; what is there and may not be opened can.
    if (!located.found) return report(located.there === true, located.there !== true, located.reason);
    // What is wrong in the options is told by `check` and at start; the place it is in must do here.
    const parsed = descriptor.options.safeParse(entry.options);
    const options = parsed.success ? parsed.data : descriptor.options.parse({});
    const made = await within(clock, DEADLINE_MS, descriptor.makeSafe({ id, options, clock, log: log.child({ device: id }), ports }));
    return made === 'late' ? report(true, false, `not done within ${DEADLINE_MS / 1000} s`) : report(true, made.safe, made.words);
  } catch (error) {
    return report(true, false, messageOf(error));
  }
}
