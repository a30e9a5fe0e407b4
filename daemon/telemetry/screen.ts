import type { Clock, Timer } from '../../protocol/common/clock.ts';
import { TITLE } from '../alarms/rule.ts';
import { deviceLines } from './screen-devices.ts';
import { huntLines } from './screen-hunt.ts';
import { lanPoolLines } from './screen-lan-pool.ts';
import { moneyLines } from './screen-money.ts';
import { poolLines } from './screen-pools.ts';
import type { RigState, StateSource } from './state.ts';
import { formatDifficulty, formatDuration, formatSi } from './units.ts';

export interface ScreenOptions {
  readonly state: StateSource;
  readonly clock: Clock;
  readonly out: NodeJS.WriteStream;
  /** Lines under the figures: where the broker and the ledger are, how to stop. */
  readonly footer: readonly string[];
  readonly color: boolean;
}

const REFRESH_MS = 1000;
const RECENT_EVENTS = 6;

/** The live one-screen status on a terminal. Draws in the alternate screen, so the shell's history is left alone. */
export class StatusScreen {
  readonly #options: ScreenOptions;
  readonly #recent: string[] = [];
  #timer: Timer | null = null;

  constructor(options: ScreenOptions) {
    this.#options = options;
  }

  start(): void {
    this.#options.out.write('\x1b[?1049h\x1b[?25l');
    this.#draw();
    this.#timer = this.#options.clock.every(REFRESH_MS, () => this.#draw());
  }

  stop(): void {
    if (!this.#timer) return;
    this.#timer.cancel();
    this.#timer = null;
    this.#options.out.write('\x1b[?25h\x1b[?1049l');
  }

  /** Adds a line to the short list of recent events. */
  note(text: string): void {
    const time = new Date(this.#options.clock.now()).toTimeString().slice(0, 8);
    const words = plain(text);
    // The log warns of what an event then tells with the name of the device: that is one thing.
    const warned = /^\S+ {2}(?:warn|error): (.+)$/.exec(this.#recent.at(-1) ?? '')?.[1];
    if (warned !== undefined && words.includes(warned)) this.#recent.pop();
    this.#recent.push(`${time}  ${words}`);
    if (this.#recent.length > RECENT_EVENTS) this.#recent.shift();
  }

  #draw(): void {
    const { out, state, footer, color } = this.#options;
    const width = Math.max(20, out.columns || 80);
    const height = Math.max(10, out.rows || 24);
    const lines = fitLines(state.snapshot(), this.#recent, footer, color, height - 1);
    out.write(`\x1b[H${lines.map((line) => `${clip(line, width)}\x1b[K`).join('\r\n')}\x1b[J`);
  }
}

/** The status in at most `rows` lines: old events give way first, then the devices that do not fit; never how to stop. */
export function fitLines(state: RigState, recent: readonly string[], footer: readonly string[], color: boolean, rows: number): string[] {
  const all = statusLines(state, recent, footer, color);
  const excess = all.length - rows;
  if (excess <= 0) return all;
  const lines = statusLines(state, recent.slice(Math.min(excess, recent.length)), footer, color);
  return lines.length <= rows ? lines : [...lines.slice(0, rows - footer.length), ...lines.slice(-footer.length)];
}

/** The status as lines of text; pure, so that it can be tested and shown anywhere. */
export function statusLines(state: RigState, recent: readonly string[], footer: readonly string[], color: boolean): string[] {
  const paint = (code: number, text: string): string => (color ? `\x1b[${code}m${text}\x1b[0m` : text);
  const { mining, node } = state;
  const shares = mining.shares;
  const good = mining.status === 'mining';
  const lines = [
    `${paint(1, 'Rigbrain')} ${node.version}   ${node.id}   ${node.mode} mode   up ${formatDuration(node.uptime_secs)}`,
    '',
    ...state.alarms.filter(({ healed_at }) => healed_at === null).map(({ kind, message }) => paint(31, `ALARM      ${titled(TITLE[kind], plain(message))}`)),
    `status     ${paint(good ? 32 : 33, mining.status.replace('_', ' '))}${mining.reason ? `   ${plain(mining.reason)}` : ''}`,
    `hash rate  ${formatSi(mining.hashrate_hs, 'H/s')}`,
    `shares     ${shares.accepted} accepted   ${shares.rejected} rejected   ${shares.stale} stale${shares.unknown > 0 ? `   ${shares.unknown} unanswered` : ''}${shares.withheld > 0 ? `   ${shares.withheld} not sent` : ''}`,
    `blocks     ${shares.blocks}   best share ${formatDifficulty(shares.best_difficulty)}   hardware errors ${shares.hardware_errors}   duplicates ${shares.duplicates}`,
    ...poolLines(state, plain),
    ...lanPoolLines(state.server, plain),
    ...moneyLines(state.economy),
    ...huntLines(state.hunt, plain),
  ];
  if (mining.session) lines.push(`session    round ${mining.session.round}   best hash ${mining.session.best_zeros} leading zero hex digits, local target ${mining.session.target_zeros}`);
  if (mining.last_reject) lines.push(`last reject  ${plain(mining.last_reject)}`);
  lines.push('');
  lines.push(...deviceLines(state.devices, plain));
  const { ledger } = state;
  lines.push(`ledger     ${ledger.written} written, ${ledger.queued} waiting${ledger.backup + ledger.emergency > 0 ? `, ${ledger.backup + ledger.emergency} in backup` : ''}${ledger.lost > 0 ? paint(31, `, ${ledger.lost} lost`) : ''}${ledger.degraded && ledger.last_error ? `   ${ledger.last_error}` : ''}`);
  if (recent.length > 0) lines.push('', ...recent.map((line) => paint(2, line)));
  lines.push('', ...footer.map((line) => paint(2, line)));
  return lines;
}

/** The title, unless the message begins with the same words. */
function titled(title: string, message: string): string {
  return message.toLowerCase().startsWith(title.toLowerCase()) ? message : `${title}: ${message}`;
}

/** What a person takes home when the daemon has stopped. */
export function summaryLines(state: RigState, ledgerFolder: string): string[] {
  const { shares } = state.mining;
  return [
    `Rigbrain ran for ${formatDuration(state.node.uptime_secs)} in ${state.node.mode} mode: ${shares.accepted} shares accepted, ${shares.rejected} rejected, ${shares.stale} stale, ${shares.blocks} blocks found.`,
    `The ledger is in ${ledgerFolder}${state.ledger.lost > 0 ? `; ${state.ledger.lost} entries were lost: ${state.ledger.last_error ?? 'unknown reason'}` : ''}`,
  ];
}

/** Text that came over a wire must not move the cursor. */
function plain(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}

/** Cuts a line to the terminal's width without counting (or cutting into) colour codes. */
function clip(line: string, width: number): string {
  let seen = 0;
  let out = '';
  for (const part of line.split(/(\x1b\[[0-9;]*m)/)) {
    if (part.startsWith('\x1b')) out += part;
    else {
      out += part.slice(0, Math.max(0, width - seen));
      seen += part.length;
    }
  }
  return out;
}
