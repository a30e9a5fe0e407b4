import { RigError } from '../../protocol/common/errors.ts';
import { gekkoCountChips } from '../../protocol/gekko/init.ts';
import { isChipId } from '../../protocol/gekko/reply.ts';
import { GekkoReplyFramer } from '../../protocol/gekko/reply-framer.ts';
import type { GekkoStick } from '../../protocol/gekko/sticks.ts';
import type { StickPort } from '../stick/port.ts';
import { type Dialect, SLOW_BAUD } from './dialect.ts';

/** All answers are there after this. A bridge may hold them back 16 ms. */
const COUNT_MS = 300;
/** Silence before a question: a late answer to the one before would be counted as another chip. */
const SILENCE_MS = 60;
/** Chips that hash on are never silent for long: after so long the question is asked all the same. */
const SILENCE_AT_MOST_MS = 300;
/** Questions at a speed, and those that nobody answers before the other speed is tried. */
const TRIES = 5;
const UNANSWERED = 2;

export interface Counted {
  readonly chips: number;
  readonly baud: number;
}

/**
 * Counts the chips, at 115,200 baud and then at the speed they are driven with: chips that a killed process left there keep it,
 * because their reset line cannot be reached through a tty. Late answers of one question may come with those of the next: so
 * only the number there should be is believed, or where nobody knows it, one that comes twice.
 * @param expected null = as many as answer
 * @throws RigError E_DEVICE_SILENT when none, too few or too many answer, E_DEVICE_PORT; the signal's reason
 */
export async function countChips(port: StickPort, dialect: Dialect, stick: GekkoStick, expected: number | null, signal: AbortSignal): Promise<Counted> {
  let last: Counted = { chips: 0, baud: SLOW_BAUD };
  for (const baud of new Set([SLOW_BAUD, stick.baud])) {
    await port.setBaud(baud);
    const seen = new Set<number>();
    for (let i = 0; i < TRIES && (seen.size > 0 || i < UNANSWERED); i++) {
      await port.silence(SILENCE_MS, SILENCE_AT_MOST_MS, signal);
      const chips = chipsIn(dialect, await port.collect(gekkoCountChips(dialect.chip), COUNT_MS, signal));
      if (chips === 0) continue;
      if (expected === null ? seen.has(chips) : chips === expected) return { chips, baud };
      seen.add(chips);
      last = { chips, baud };
    }
    // Some answered at this speed: the rest will not at another.
    if (last.chips > 0) break;
  }
  if (last.baud !== stick.baud || last.chips === 0) await port.setBaud(last.baud);
  const context = { port: port.name, chips: last.chips, chips_expected: expected };
  if (last.chips === 0) {
    throw new RigError('E_DEVICE_SILENT', `${port.name}: no ${dialect.chip} of a ${stick.title} answers`, { context, hint: 'Take the stick out and put it in again: that is its only reset. If it stays silent, check `model` and the power of the hub.' });
  }
  if (expected === null || last.chips > expected) {
    const should = expected === null ? 'and another number each time' : `where it has ${expected}`;
    throw new RigError('E_DEVICE_SILENT', `${port.name}: ${last.chips} ${dialect.chip} of a ${stick.title} answer, ${should}`, { context, hint: 'Check `model` and `chips`: it may be another stick.' });
  }
  throw new RigError('E_DEVICE_SILENT', `${port.name}: ${last.chips} of ${expected} ${dialect.chip} of the ${stick.title} answer`, {
    context,
    hint: 'Its chips would search the same nonces, so it is not used. Take it out and put it in again; check the power of the hub.',
  });
}

function chipsIn(dialect: Dialect, bytes: Uint8Array): number {
  const framer = new GekkoReplyFramer(dialect.chip);
  return [...framer.push(bytes).replies, ...framer.gap().replies].filter((reply) => isChipId(reply, dialect.chip)).length;
}
