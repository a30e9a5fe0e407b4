/** Which chips are on the line, and how many: after a reset, or in whatever state the program before left them. */
import { BM13XX_CHIPS, chipById, type Bm13xxChip } from '../../protocol/bm13xx/chips.ts';
import { ENUMERATION_SILENCE_MS, planEnumeration } from '../../protocol/bm13xx/init/plan.ts';
import { INIT_SEQUENCES } from '../../protocol/bm13xx/init/sequences.ts';
import { planBaudChange, RESET_BAUD } from '../../protocol/bm13xx/uart.ts';
import { ROLLABLE_BITS } from '../../protocol/bm13xx/version-rolling.ts';
import type { ChipLine } from './chip-line.ts';
import type { ChainSettings } from './contract.ts';

/** Silence after a question to chips that may not be there at this speed. */
const SHORT_SILENCE_MS = 250;
/** Times a chain is asked before another number of chips than there should be is believed. */
const ASK_TIMES = 4;

/** Chips that were counted. */
export interface Counted {
  readonly chip: Bm13xxChip;
  readonly chips: number;
}

export class Enumeration {
  readonly #line: ChipLine;
  readonly #settings: ChainSettings;

  constructor(line: ChipLine, settings: ChainSettings) {
    this.#line = line;
    this.#settings = settings;
  }

  /** @throws RigError E_DEVICE_SILENT, E_DEVICE_PORT, and the reason of the signal */
  async run(signal: AbortSignal): Promise<Counted> {
    await this.#line.listenAt(RESET_BAUD, signal);
    // Chips that have no reset behind them may answer in either length.
    this.#line.listener.expect('either');
    const chip = this.#settings.chip === null ? await this.#askWho(signal) : BM13XX_CHIPS[this.#settings.chip];
    let ids = await this.#count(chip, signal);
    if (ids.length === 0 && (await this.#findAtFastSpeed(chip, signal)).length > 0) ids = await this.#count(chip, signal);
    return { chip, chips: this.#judge(chip, ids) };
  }

  /**
   * The start-up of this chip as far as the count. Asked again until the right number answers, or where nobody knows it the same
   * twice: one byte lost on the line costs a chip, and a late answer to the question before adds one.
   */
  async #count(chip: Bm13xxChip, signal: AbortSignal): Promise<readonly number[]> {
    const { chipsExpected, sequence } = this.#settings;
    const actions = this.#line.planned(() => planEnumeration(chip, ROLLABLE_BITS, sequence ?? INIT_SEQUENCES[chip.name]));
    const before = actions.filter((action) => action.do !== 'reply-bytes' && action.do !== 'count-chips').slice(0, -1);
    await this.#line.carryOut(before, signal);
    let best: readonly number[] = [];
    const seen = new Set<number>();
    for (let i = 0; i < ASK_TIMES; i++) {
      await this.#line.silence(signal);
      const { ids } = await this.#line.ask(ENUMERATION_SILENCE_MS, chipsExpected, signal);
      const right = chipsExpected === null ? seen.has(ids.length) : ids.length === chipsExpected;
      if (right || ids.length > best.length) best = ids;
      if (right || best.length === 0) break;
      if (ids.length > 0) seen.add(ids.length);
    }
    const lengths = actions.flatMap((action) => (action.do === 'reply-bytes' ? action.bytes : []));
    if (best.length > 0) this.#line.listener.expect(lengths.at(-1) ?? 9);
    return best;
  }

  /** Which chip it is, whatever it is. */
  async #askWho(signal: AbortSignal): Promise<Bm13xxChip> {
    let { ids } = await this.#line.ask(SHORT_SILENCE_MS, null, signal);
    if (ids.length === 0) ids = await this.#findAtFastSpeed(null, signal);
    if (ids.length === 0) ({ ids } = await this.#line.ask(ENUMERATION_SILENCE_MS, null, signal));
    if (ids.length === 0) throw this.#line.silent('no chip answers');
    const chip = knownOf(ids);
    if (chip === null) throw this.#line.silent(`a chip answers that is not known (${ids[0]!.toString(16)})`);
    return chip;
  }

  /** Chips may still talk at the speed of the daemon before this one. Brings those back to the speed of a reset. @returns their ids */
  async #findAtFastSpeed(chip: Bm13xxChip | null, signal: AbortSignal): Promise<readonly number[]> {
    const { hostBaud } = this.#settings;
    if (hostBaud === null) return [];
    const speeds = hostBaud === 'chip' ? (chip === null ? Object.values(BM13XX_CHIPS) : [chip]).flatMap(({ uart }) => uart.fastBaud ?? []) : [hostBaud];
    for (const speed of new Set(speeds)) {
      if (speed === RESET_BAUD) continue;
      await this.#line.listenAt(speed, signal);
      const { ids } = await this.#line.ask(SHORT_SILENCE_MS, null, signal);
      const found = knownOf(ids);
      if (found === null) continue;
      // A chip that knows one fast speed only stays there until it is reset.
      if (found.uart.dividerMask !== 0) await this.#line.carryOut(planBaudChange(found, RESET_BAUD), signal);
      return ids;
    }
    await this.#line.listenAt(RESET_BAUD, signal);
    return [];
  }

  /** @returns how many there are @throws RigError E_DEVICE_SILENT */
  #judge(chip: Bm13xxChip, ids: readonly number[]): number {
    const { chipsExpected } = this.#settings;
    const chips = ids.filter((id) => id === chip.chipId).length;
    const other = ids.find((id) => id !== chip.chipId);
    if (other !== undefined) throw this.#line.silent(`a ${chipById(other)?.name ?? `chip ${other.toString(16)}`} answers where a ${chip.name} should`, 'Correct the chip in the options of this device, or leave it out.');
    if (chips === 0) throw this.#line.silent(`no ${chip.name} answers`);
    if (chipsExpected !== null && chips > chipsExpected) throw this.#line.silent(`${chips} chips answer where there should be ${chipsExpected}`, 'Correct the number of chips in the options of this device, or leave it out.');
    if (chipsExpected !== null && chips < chipsExpected) throw this.#line.silent(`only ${chips} of ${chipsExpected} chips answer`);
    return chips;
  }
}

function knownOf(ids: readonly number[]): Bm13xxChip | null {
  for (const id of ids) {
    const chip = chipById(id);
    if (chip !== null) return chip;
  }
  return null;
}

/**
 * After the start every chip has its address and its speed: all must answer once more before they are given work.
 * @returns the addresses that answered @throws RigError E_DEVICE_SILENT
 */
export async function verifyChips(line: ChipLine, { chip, chips }: Counted, addresses: readonly number[], signal: AbortSignal): Promise<ReadonlySet<number>> {
  const heard = new Set<number>();
  let answers = 0;
  for (let i = 0; i < ASK_TIMES && (heard.size < chips || answers > chips); i++) {
    await line.silence(signal);
    const survey = await line.ask(SHORT_SILENCE_MS, chips, signal);
    answers = survey.ids.length;
    for (const [index, address] of survey.addresses.entries()) if (survey.ids[index] === chip.chipId && addresses.includes(address)) heard.add(address);
  }
  if (heard.size === 0) throw line.silent('the chips do not answer any more after their start');
  if (heard.size < chips) throw line.silent(`only ${heard.size} of ${chips} chips answer after their start`);
  // One that was not counted has no address of its own, and would search what others do.
  if (answers > chips) throw line.silent(`${answers} chips answer after their start, where ${chips} were counted`);
  return heard;
}
