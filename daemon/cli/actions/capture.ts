/** `rigbrain capture`: what goes over a serial port, into a file. With a link it stands between the port and another program. */
import path from 'node:path';
import { captureTransport } from '../../../drivers/transport/capture.ts';
import { CaptureFile } from '../../../drivers/transport/capture-file.ts';
import type { Transport } from '../../../drivers/transport/contract.ts';
import { SerialTransport } from '../../../drivers/transport/serial.ts';
import { messageOf, RigError } from '../../../protocol/common/errors.ts';
import { openPty } from '../../../sim/tty/pty.ts';
import { PTY_BAUD, type Pty } from '../../../sim/tty/pty-contract.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';

export interface CaptureFlags {
  readonly out: string;
  readonly link?: string;
  readonly baud?: number;
}

export interface CaptureHooks {
  /** Resolves when it is to end. */
  readonly until: Promise<void>;
}

/** A change of speed may be heard of before the bytes that went ahead of it. */
const BEHIND_MS = 10;

/**
 * Runs until Ctrl-C, or until port or tty go.
 * @throws RigError E_DEVICE_PORT when the port cannot be opened, E_SIM_TTY when the tty cannot be made, E_CAPTURE when nothing could be written
 */
export async function capture(io: CliIo, globals: Globals, port: string, flags: CaptureFlags, hooks: CaptureHooks = { until: stopSignal() }): Promise<number> {
  const out = path.resolve(io.cwd, flags.out);
  const file = new CaptureFile(out, port);
  const line = captureTransport(new SerialTransport(path.resolve(io.cwd, port), flags.baud ?? PTY_BAUD), file);
  let end: (reason: string) => void = () => {};
  const ended = new Promise<string | null>((resolve) => {
    end = resolve;
    void hooks.until.then(() => resolve(null));
  });
  line.events.on('gone', (reason) => end(reason));
  let pty: Pty | null = null;
  let reason: string | null = null;
  try {
    await line.open();
    file.event('capture_started', { baud: flags.baud ?? PTY_BAUD });
    if (flags.link !== undefined) {
      pty = await bridge(line, path.resolve(io.cwd, flags.link), flags.baud !== undefined, end);
    }
    tell(io, globals, 'capturing', { port, out, link: flags.link ?? null }, `capturing ${port} to ${flags.out}${flags.link === undefined ? ', listening only' : `; the other program uses ${flags.link}`} (Ctrl-C stops)`);
    reason = await ended;
  } finally {
    await pty?.close();
    await line.close();
  }
  const { counts } = file;
  if (counts.lines === 0) throw new RigError('E_CAPTURE', `nothing could be written to ${flags.out}`, { hint: 'Give --out a file in a folder you may write.' });
  tell(io, globals, 'captured', { ...counts, reason }, `captured ${counts.tx_bytes} bytes to the chips and ${counts.rx_bytes} from them${counts.lines_lost > 0 ? `, ${counts.lines_lost} lines lost` : ''}`);
  if (reason !== null) throw new RigError('E_DEVICE_PORT', reason, { hint: 'What came before that is in the file.' });
  return EXIT.ok;
}

/** Copies between the port and a tty, and gives the port the speed that is set on the tty. */
async function bridge(line: Transport, link: string, fixedSpeed: boolean, end: (reason: string) => void): Promise<Pty> {
  let now = PTY_BAUD;
  const follow = async (baud: number | null): Promise<void> => {
    if (baud === null || baud === now || !line.isOpen) return;
    now = baud;
    // What the program sent before belongs to the speed before, and may not have come through here yet.
    await new Promise((resolve) => setTimeout(resolve, BEHIND_MS));
    await line.drain();
    await line.setBaud(baud);
  };
  const pty = await openPty({
    link,
    onData: (bytes) => void line.write(bytes),
    onLost: () => end(`${link} went away`),
    ...(fixedSpeed ? {} : { onSpeed: (baud: number | null) => void follow(baud).catch((error: unknown) => end(messageOf(error))) }),
  });
  line.events.on('data', (bytes) => pty.write(bytes));
  return pty;
}

function tell(io: CliIo, globals: Globals, event: string, data: object, words: string): void {
  io.out(globals.json ? JSON.stringify({ event, at: Date.now(), ...data }) : words);
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
