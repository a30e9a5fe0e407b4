/** `rigbrain replay`: what went over the line to BM13xx chips, with every nonce hashed again. */
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { BM13XX_CHIPS, type Bm13xxChip, type Bm13xxName } from '../../../protocol/bm13xx/chips.ts';
import { eventToJson, summaryToJson } from '../../../protocol/bm13xx/replay/json.ts';
import { Replay } from '../../../protocol/bm13xx/replay/replay.ts';
import { decodeTraceLine } from '../../../protocol/bm13xx/replay/trace-line.ts';
import { messageOf, RigError } from '../../../protocol/common/errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';
import { replayLine } from './replay-text.ts';

export interface ReplayFlags {
  readonly chip?: string;
  readonly summary?: boolean;
  /** Least zero bits of a nonce. */
  readonly zeroBits?: number;
}

/** What a capture of a whole rig has besides. */
const OTHER_LINES = 'lines of BM1384, BM1387 and Icarus devices, control and telemetry ports are not decoded.';
/** Bad lines told one by one; the rest is only counted. */
const TOLD_BAD_LINES = 10;

/**
 * Prints a line for every frame and the counts at the end. Lines that are no capture are told on stderr and left out.
 * @returns exit code 1 when a line was left out, a nonce could not be proved or bytes were skipped: the capture is not clean
 * @throws RigError E_CAPTURE when the file cannot be read or has not one line of a capture, E_FLAG_INVALID for an unknown chip
 */
export async function replayCommand(io: CliIo, globals: Globals, file: string, flags: ReplayFlags, stdin: Readable = process.stdin): Promise<number> {
  const replay = new Replay(chipNamed(flags.chip), flags.zeroBits);
  const input = file === '-' ? stdin : createReadStream(path.resolve(io.cwd, file));
  let number = 0;
  let chunks = 0;
  let bad = 0;
  try {
    for await (const text of createInterface({ input, crlfDelay: Infinity })) {
      number += 1;
      const line = decodeTraceLine(number === 1 ? text.replace(/^\uFEFF/, '') : text);
      if (line.kind === 'bad') {
        bad += 1;
        if (bad <= TOLD_BAD_LINES) io.err(`${file}:${number}: ${line.problem}; line left out`);
      }
      if (line.kind !== 'chunk') continue;
      chunks += 1;
      const events = replay.push(line.chunk);
      if (flags.summary === true) continue;
      for (const event of events) io.out(globals.json ? JSON.stringify(eventToJson(event)) : replayLine(event));
      await io.drained();
    }
  } catch (error) {
    throw new RigError('E_CAPTURE', `${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  if (bad > TOLD_BAD_LINES) io.err(`${file}: ${bad} lines left out in all`);
  if (chunks === 0) throw new RigError('E_CAPTURE', `${file} has no line of a capture among its ${number}`);
  const summary = replay.summary();
  const frames = summary.commands + summary.jobs + summary.registers + summary.nonces;
  if (frames === 0) io.err(`${file}: not one frame of these chips is in it; ${OTHER_LINES}`);
  const counts = { ...summaryToJson(summary), lines_left_out: bad };
  if (globals.json) io.out(JSON.stringify({ type: 'summary', ...counts }));
  else for (const [key, value] of Object.entries(counts)) io.out(`${key.padEnd(20)} ${String(value ?? 'unknown')}`);
  const isClean = bad === 0 && summary.noncesVerified === summary.nonces && summary.duplicates === 0 && summary.crcErrors === 0 && summary.bytesSkipped === 0;
  return isClean ? EXIT.ok : EXIT.failure;
}

function chipNamed(name: string | undefined): Bm13xxChip | undefined {
  if (name === undefined) return undefined;
  const chip = BM13XX_CHIPS[name.toUpperCase() as Bm13xxName] as Bm13xxChip | undefined;
  if (!chip) throw new RigError('E_FLAG_INVALID', `--chip: there is no ${name}`, { hint: `Use one of ${Object.keys(BM13XX_CHIPS).join(', ')}.` });
  return chip;
}
