import { RigError } from '../../protocol/common/errors.ts';
import { gekkoCountChips } from '../../protocol/gekko/init.ts';
import { isChipId } from '../../protocol/gekko/reply.ts';
import { GekkoReplyFramer } from '../../protocol/gekko/reply-framer.ts';
import type { GekkoStick } from '../../protocol/gekko/sticks.ts';
import type { StickPort } from '../stick/port.ts';
import { type Dialect, SLOW_BAUD } from './dialect.ts';

/** All answers are there after this. A bridge may hold them back 16 ms. */
const COUNT_MS = 300;
const TRIES = 2;

export interface Counted {
  readonly chips: number;
  readonly baud: number;
}

/**
 * Counts the chips, at 115,200 baud and then at the speed they are driven with: chips that a killed process left there keep it,
 * because their reset line cannot be reached through a tty.
 * @param expected null = as many as answer
 * @throws RigError E_DEVICE_SILENT when none or too few answer, E_DEVICE_PORT; the signal's reason
 */
export async function countChips(port: StickPort, dialect: Dialect, stick: GekkoStick, expected: number | null, signal: AbortSignal): Promise<Counted> {
  let best: Counted = { chips: 0, baud: SLOW_BAUD };
  for (const baud of new Set([SLOW_BAUD, stick.baud])) {
    await port.setBaud(baud);
    for (let i = 0; i < TRIES; i++) {
      await port.flushInput();
      const chips = chipsIn(dialect, await port.collect(gekkoCountChips(dialect.chip), COUNT_MS, signal));
      if (chips > best.chips) best = { chips, baud };
      if (chips >= (expected ?? 1)) return best;
    }
    // Some answered at this speed: the rest will not at another.
    if (best.chips > 0) break;
  }
  if (best.baud !== stick.baud || best.chips === 0) await port.setBaud(best.baud);
  const context = { port: port.name, chips: best.chips, chips_expected: expected };
  if (best.chips === 0) {
    throw new RigError('E_DEVICE_SILENT', `${port.name}: no ${dialect.chip} of a ${stick.title} answers`, { context, hint: 'Take the stick out and put it in again: that is its only reset. If it stays silent, check `model` and the power of the hub.' });
  }
  throw new RigError('E_DEVICE_SILENT', `${port.name}: ${best.chips} of ${expected} ${dialect.chip} of the ${stick.title} answer`, {
    context,
    hint: 'Its chips would search the same nonces, so it is not used. Take it out and put it in again; check the power of the hub.',
  });
}

function chipsIn(dialect: Dialect, bytes: Uint8Array): number {
  const framer = new GekkoReplyFramer(dialect.chip);
  return [...framer.push(bytes).replies, ...framer.gap().replies].filter((reply) => isChipId(reply, dialect.chip)).length;
}
