/**
 * How the bridge frames its replies. Its USB descriptor tells; when that is not known (a port named in the configuration) one
 * level is read, which changes nothing on the board, and the three framings of a level cannot be confused.
 */
import { gpioGet } from '../../protocol/bitaxe-raw/commands.ts';
import type { ReplyFormat } from '../../protocol/bitaxe-raw/firmware.ts';
import { encodeRequest } from '../../protocol/bitaxe-raw/request.ts';
import { concatBytes } from '../../protocol/common/bytes.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import { RigError } from '../../protocol/common/errors.ts';
import type { Transport } from '../transport/contract.ts';

/** Pin 0 is the reset line on every firmware that is driven here. */
const PIN = 0;
/** Unlikely as a length or a level; other ones for the second try, so that a late answer is not taken for it. */
const IDS: readonly number[] = [0xa5, 0x5a, 0xc3];
const ANSWER_MS = 300;

const FRAMES: readonly (readonly [ReplyFormat, (id: number) => readonly number[]])[] = [
  ['v0', (id) => [0x01, 0x00, id]],
  ['v1', (id) => [0x05, 0x00, id, 0x00]],
  ['bonanza', (id) => [0x04, 0x00, id]],
];

/** The framing of the level in what was received; null when there is none. */
export function formatOfLevel(bytes: Uint8Array, id: number): ReplyFormat | null {
  for (let at = 0; at < bytes.length; at++) {
    for (const [format, frame] of FRAMES) {
      const head = frame(id);
      const level = bytes[at + head.length];
      if ((level === 0 || level === 1) && head.every((byte, i) => bytes[at + i] === byte)) return format;
    }
  }
  return null;
}

/** Reads a level on an open port. @throws RigError E_DEVICE_CONTROL when nothing answers as a bridge does; the reason of `signal` */
export async function probeReplyFormat(transport: Transport, clock: Clock, signal: AbortSignal): Promise<ReplyFormat> {
  for (const id of IDS) {
    signal.throwIfAborted();
    const format = await ask(transport, clock, signal, id);
    if (format !== null) return format;
  }
  signal.throwIfAborted();
  throw new RigError('E_DEVICE_CONTROL', `${transport.name} does not answer as the control port of a bitaxe-raw board`, {
    context: { port: transport.name },
    hint: 'Check that control_port and port are not swapped and that the board runs bitaxe-raw firmware; reply_format sets the framing by hand.',
  });
}

function ask(transport: Transport, clock: Clock, signal: AbortSignal, id: number): Promise<ReplyFormat | null> {
  return new Promise((resolve) => {
    let received: Uint8Array = new Uint8Array(0);
    const done = (format: ReplyFormat | null): void => {
      timer.cancel();
      transport.events.off('data', onData);
      transport.events.off('gone', onEnd);
      signal.removeEventListener('abort', onEnd);
      resolve(format);
    };
    const onEnd = (): void => done(null);
    const onData = (bytes: Uint8Array): void => {
      // Whatever a stranger sends, the last bytes are enough.
      received = concatBytes(received, bytes).slice(-64);
      const format = formatOfLevel(received, id);
      if (format !== null) done(format);
    };
    const timer = clock.after(ANSWER_MS, onEnd);
    transport.events.on('data', onData);
    transport.events.on('gone', onEnd);
    signal.addEventListener('abort', onEnd);
    void transport.write(encodeRequest(id, gpioGet(PIN)));
  });
}
