/** Makes a board safe without driving it: at the start of the daemon, and after it was killed. */
import { messageOf } from '../../protocol/common/errors.ts';
import { wait } from '../../protocol/common/wait.ts';
import type { DriverContext, SafeReport } from '../contract.ts';
import type { FoundPorts } from '../asic/parts.ts';
import { CONTROL_BAUD, firmwareOf, openControl, portPath, type DrivenFirmware } from './control-side.ts';
import type { BitaxeRawOptions } from './options.ts';
import { boardPlan } from './plan.ts';
import { describeOutcome, FAN_FULL_PERCENT, FAN_IDLE_PERCENT, isSafe, runSafeSteps, setFans, targetOf, unknownTarget, type SafeOutcome, type SafeTarget } from './safe-steps.ts';

/** Leaves a little of the 2 s for closing. */
const DEADLINE_MS = 1800;

/** Never rejects, takes 2 s at most. */
export async function makeBitaxeSafe(context: DriverContext<BitaxeRawOptions>): Promise<SafeReport> {
  const deadline = new AbortController();
  const late = context.clock.after(DEADLINE_MS, () => deadline.abort(new Error(`not done within ${DEADLINE_MS} ms`)));
  try {
    const located = (await context.ports?.locate()) ?? { found: false as const, reason: 'no ports are known' };
    // It has a supply of its own: what was running when it was unplugged runs on.
    if (!located.found) return { safe: false, words: `not plugged in, so nothing could be done: ${located.reason}` };
    return await makeSafe(context, located, deadline.signal);
  } catch (error) {
    return { safe: false, words: messageOf(error) };
  } finally {
    late.cancel();
  }
}

function targetFor(firmware: DrivenFirmware, board: string): SafeTarget {
  const plan = boardPlan(firmware === 'emberone' ? firmware : board);
  return plan === null ? unknownTarget(firmware) : targetOf(plan);
}

async function makeSafe({ options, clock, ports }: DriverContext<BitaxeRawOptions>, found: FoundPorts, signal: AbortSignal): Promise<SafeReport> {
  const firmware = firmwareOf(found.usb, options.board);
  const target = targetFor(firmware, options.board);
  const transport = ports!.transport(portPath(found, 'control'), CONTROL_BAUD);
  try {
    const client = await openControl({ transport, firmware, bcdDevice: found.usb?.bcdDevice ?? null, replyFormat: options.reply_format, clock }, signal);
    const ended = wait(clock, DEADLINE_MS, signal).then(() => null);
    const outcome = await Promise.race([runSafeSteps(client, clock, target, FAN_FULL_PERCENT), ended]);
    if (outcome !== null && outcome.power === 'off') await setFans(client, outcome.fans, FAN_IDLE_PERCENT);
    client.close();
    return report(outcome, transport.name);
  } finally {
    await transport.close();
  }
}

function report(outcome: SafeOutcome | null, name: string): SafeReport {
  if (outcome === null) return { safe: false, words: `${name}: the board did not answer in time` };
  return { safe: isSafe(outcome), words: `${name}: ${describeOutcome(outcome)}` };
}
