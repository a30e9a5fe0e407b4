/** `rigbrain sim bm1370` and its like: simulated chips on a tty. */
import { createInterface } from 'node:readline';
import { messageOf } from '../../../protocol/common/errors.ts';
import { CHIP_FAULT_NAMES, clearedChipFault, parseChipFault } from '../../../sim/chips/faults.ts';
import type { ModelName } from '../../../sim/chips/models.ts';
import { startChipRig, type ChipRig } from '../../../sim/chips/rig.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';

/** What a small board computes without notice. */
const DEFAULT_RATE_HS = 2e6;

/** Options of `rigbrain sim bm1370`. */
export interface SimChipsFlags {
  readonly chips: number;
  /** Most hashes per second. */
  readonly rate?: number;
  readonly link?: string;
  readonly zeroBits: number;
  readonly fault?: readonly string[];
  readonly control?: boolean;
}

/** What a caller other than the command line gives. */
export interface SimChipsHooks {
  /** Resolves when the chips are to go; Ctrl-C and SIGTERM when left out. */
  readonly stop?: Promise<void>;
  /** Where `--control` reads. */
  readonly input?: NodeJS.ReadableStream;
}

export async function simChips(io: CliIo, globals: Globals, model: ModelName, flags: SimChipsFlags, hooks: SimChipsHooks = {}): Promise<number> {
  const wanted = flags.fault ?? [];
  if (wanted.includes('list')) {
    for (const { usage, help } of Object.values(CHIP_FAULT_NAMES)) io.out(`${usage.padEnd(28)}${help}`);
    return EXIT.ok;
  }
  const faults = wanted.map(parseChipFault);
  const stop = hooks.stop ?? stopSignal();
  const rig = await startChipRig({ model, chips: flags.chips, rate_hs: flags.rate ?? DEFAULT_RATE_HS, zeroBits: flags.zeroBits, link: flags.link ?? null });
  for (const fault of faults) Object.assign(rig.faults, fault);
  const tell = (event: string, data: object, words: string): void => io.out(globals.json ? JSON.stringify({ event, at: Date.now(), ...data }) : words);
  const chips = `${flags.chips} x ${model.toUpperCase()}`;
  const link = flags.link === undefined ? {} : { link: flags.link };
  tell('listening', { path: rig.path, ...link, model, chips: flags.chips, zero_bits: flags.zeroBits }, `listening on ${flags.link ?? rig.path} (${chips}; Ctrl-C stops)`);
  rig.events.on('plugged', ({ path }) => tell('plugged', { path }, `plugged in: ${path}`));
  rig.events.on('unplugged', ({ reason }) => tell('unplugged', { reason }, `unplugged (${reason})`));
  const input = flags.control === true ? listenTo(hooks.input ?? process.stdin, rig, (error) => tell('error', { message: error }, error)) : null;
  await stop;
  input?.close();
  const stats = rig.stats();
  await rig.close();
  tell('closed', stats, `closed: ${stats.jobs} jobs, ${stats.nonces} nonces, ${stats.hashes} hashes`);
  return EXIT.ok;
}

/** Reads `fault NAME[=VALUE]`, `clear NAME`, `reset`, `unplug` and `plug`, a line each. */
function listenTo(input: NodeJS.ReadableStream, rig: ChipRig, complain: (message: string) => void): { close: () => void } {
  const lines = createInterface({ input });
  lines.on('line', (line) => {
    obey(line.trim(), rig).catch((error: unknown) => complain(messageOf(error)));
  });
  return lines;
}

async function obey(line: string, rig: ChipRig): Promise<void> {
  const [word, rest = ''] = line.split(/\s+/, 2);
  if (word === 'fault') Object.assign(rig.faults, parseChipFault(rest));
  else if (word === 'clear') Object.assign(rig.faults, clearedChipFault(rest));
  else if (word === 'reset') rig.reset();
  else if (word === 'unplug') await rig.unplug();
  else if (word === 'plug') await rig.plug();
  else if (line !== '') throw new Error(`"${line}" is not understood: write fault NAME[=VALUE], clear NAME, reset, unplug or plug`);
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
