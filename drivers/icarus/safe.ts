import { GOLDEN_WORK } from '../../protocol/icarus/golden.ts';
import { ICARUS_MODELS } from '../../protocol/icarus/timing.ts';
import type { DriverContext, SafeReport } from '../contract.ts';
import { makeSafeThrough } from '../safety/safe-port.ts';
import type { IcarusOptions } from './options.ts';

/** Makes the device idle: it has no power switch. Never rejects. */
export async function makeIcarusSafe(context: DriverContext<IcarusOptions>): Promise<SafeReport> {
  const model = ICARUS_MODELS[context.options.model];
  const located = await context.ports?.locate();
  const path = located?.found === true ? located.ports.asic : undefined;
  if (path === undefined) return { safe: true, words: located?.found === false ? `not plugged in: ${located.reason}` : 'not plugged in' };
  const transport = context.ports!.transport(path, model.baud);
  return makeSafeThrough(context.clock, transport, async () => {
    await transport.write(Uint8Array.from(GOLDEN_WORK));
    await transport.drain();
    return { safe: true, words: `given work that it ends at once, on ${path}; it idles then, and cannot be switched off` };
  });
}
