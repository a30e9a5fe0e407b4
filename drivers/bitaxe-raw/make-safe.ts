/** Makes a board safe without driving it: at the start of the daemon, and after it was killed. */
import { messageOf } from '../../protocol/common/errors.ts';
import type { DriverContext, SafeReport } from '../contract.ts';
import type { FoundPorts } from '../asic/parts.ts';
import { makeSafeThrough } from '../safety/safe-port.ts';
import { clientOf, CONTROL_BAUD, firmwareOf, portPath, type DrivenFirmware } from './control-side.ts';
import type { BitaxeRawOptions } from './options.ts';
import { boardPlan } from './plan.ts';
import { describeOutcome, FAN_FULL_PERCENT, FAN_IDLE_PERCENT, isSafe, runSafeSteps, setFans, targetOf, unknownTarget, type SafeTarget } from './safe-steps.ts';

/** Never rejects, takes 2 s at most. */
export async function makeBitaxeSafe(context: DriverContext<BitaxeRawOptions>): Promise<SafeReport> {
  try {
    const located = (await context.ports?.locate()) ?? { found: false as const, reason: 'no ports are known' };
    // It has a supply of its own: what was running when it was unplugged runs on.
    if (!located.found) return { safe: false, words: `not plugged in, so nothing could be done: ${located.reason}` };
    return await makeSafe(context, located);
  } catch (error) {
    return { safe: false, words: messageOf(error) };
  }
}

function targetFor(firmware: DrivenFirmware, board: string): SafeTarget {
  const plan = boardPlan(firmware === 'emberone' ? firmware : board);
  return plan === null ? unknownTarget(firmware) : targetOf(plan);
}

/** @throws RigError E_DEVICE_PORT, E_DEVICE_UNKNOWN */
function makeSafe({ options, clock, ports }: DriverContext<BitaxeRawOptions>, found: FoundPorts): Promise<SafeReport> {
  const firmware = firmwareOf(found.usb, options.board);
  const target = targetFor(firmware, options.board);
  const transport = ports!.transport(portPath(found, 'control'), CONTROL_BAUD);
  return makeSafeThrough(clock, transport, async (signal) => {
    const client = await clientOf({ transport, firmware, bcdDevice: found.usb?.bcdDevice ?? null, replyFormat: options.reply_format, clock }, signal);
    signal.addEventListener('abort', () => client.close(), { once: true });
    const outcome = await runSafeSteps(client, clock, target, FAN_FULL_PERCENT);
    if (outcome.power === 'off') await setFans(client, outcome.fans, FAN_IDLE_PERCENT);
    return { safe: isSafe(outcome), words: `${transport.name}: ${describeOutcome(outcome)}` };
  });
}
