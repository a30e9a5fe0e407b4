/** Looks into the coinbase of every job: whom it pays, whether that is whom it should pay, and whether it has changed. */
import type { Chain } from '../../../protocol/bitcoin/address.ts';
import { decodeJobCoinbase, type CoinbaseOutput, type DecodedCoinbase } from '../../../protocol/bitcoin/coinbase-decode.ts';
import { addressOfScript, scriptKind } from '../../../protocol/bitcoin/script-address.ts';
import { bytesToHex, equalBytes, hexToBytes } from '../../../protocol/common/bytes.ts';
import type { Clock } from '../../../protocol/common/clock.ts';
import type { Log } from '../../../protocol/common/log.ts';
import type { PayoutState } from '../../telemetry/state.ts';
import type { Job } from '../job.ts';
import { LineBudget } from '../line-budget.ts';
import { PayeeMemory } from './payee-memory.ts';
import type { PayoutRule } from './payout-rule.ts';

/** Verdicts a person should hear of. */
const ALARMS: ReadonlySet<PayoutState['verdict']> = new Set<PayoutState['verdict']>(['does_not_pay_expected', 'payee_changed']);

const OUTPUTS_SHOWN = 16;
const ADDRESSES_KEPT = 512;
/** Targets above this are of regtest or of a demo: the main network's easiest. */
const EASIEST_MAIN_TARGET = 0xffffn << 208n;
const NO_RULE: PayoutRule = { expected: null, firm: false, minPercent: null, leave: false };

interface Watched {
  readonly rule: PayoutRule;
  readonly memory: PayeeMemory;
  /** Of the newest job. */
  state: PayoutState | null;
  coinbase: { readonly coinb1: Uint8Array; readonly coinb2: Uint8Array } | null;
  told: string | null;
}

export class PayoutWatch {
  readonly #rules: ReadonlyMap<string, PayoutRule>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #budget = new LineBudget();
  readonly #watched = new Map<string, Watched>();
  readonly #addresses = new AddressCache();

  /** @param rules by source id; a source without one is looked at as a pool that pays nobody in particular */
  constructor(rules: ReadonlyMap<string, PayoutRule>, deps: { readonly clock: Clock; readonly log: Log }) {
    this.#rules = rules;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  /** Whom the newest job of a source pays; null = none has come yet. */
  payoutOf(sourceId: string): PayoutState | null {
    return this.#watched.get(sourceId)?.state ?? null;
  }

  /** Looks at a job. @returns why it is not to be mined; null = it may be */
  inspect(job: Job): string | null {
    const watched = this.#of(job.sourceId);
    const state = this.#judge(job, watched);
    watched.state = state;
    watched.coinbase = { coinb1: job.coinb1, coinb2: job.coinb2 };
    const news = `${state.verdict} ${state.outputs[0]?.script ?? ''}`;
    if (news !== watched.told) this.#tell(job, state, watched, news);
    const { rule } = watched;
    const refused = rule.leave && (state.verdict === 'does_not_pay_expected' || state.verdict === 'unreadable');
    return refused ? `E_POOL_PAYOUT: ${state.explanation}` : null;
  }

  #nameOf(hex: string, script: Uint8Array, chain: Chain): string {
    return this.#addresses.of(hex, script, chain) ?? `a script without an address (${scriptKind(script)})`;
  }

  #of(sourceId: string): Watched {
    let watched = this.#watched.get(sourceId);
    if (watched === undefined) {
      watched = { rule: this.#rules.get(sourceId) ?? NO_RULE, memory: new PayeeMemory(), state: null, coinbase: null, told: null };
      this.#watched.set(sourceId, watched);
    }
    return watched;
  }

  #tell(job: Job, state: PayoutState, watched: Watched, news: string): void {
    const first = watched.told === null;
    watched.told = news;
    const alarm = ALARMS.has(state.verdict) || state.verdict === 'unreadable';
    const skipped = first ? 0 : this.#budget.take(this.#clock.monotonic());
    if (skipped !== null) {
      const fields = { pool: job.sourceId, job: job.poolJobId, verdict: state.verdict, ...(skipped === 0 ? {} : { lines_skipped: skipped }), ...(alarm ? { code: 'E_POOL_PAYOUT' } : {}) };
      this.#log[alarm ? 'warn' : 'info'](fields, state.explanation);
    }
  }

  #judge(job: Job, watched: Watched): PayoutState {
    const { rule, memory, state, coinbase } = watched;
    // The usual case by far: a job again with the same coinbase. An alarm is looked at anew, for it ends with time.
    if (state !== null && coinbase !== null && !ALARMS.has(state.verdict) && equalBytes(coinbase.coinb2, job.coinb2) && equalBytes(coinbase.coinb1, job.coinb1)) return state;
    const decoded = decodeJobCoinbase(job);
    const expected = { expected_address: rule.expected?.address ?? null, expected_from: rule.expected?.from ?? null };
    if (decoded.kind === 'unreadable') {
      return { ...expected, paid_sat: null, total_sat: 0, paid_percent: null, outputs: [], output_count: 0, tag: null, height: null, verdict: 'unreadable', explanation: `the coinbase of its jobs cannot be read: ${decoded.reason}` };
    }
    const chain = chainOf(job, rule);
    const outputs = [...decoded.outputs].sort((a, b) => b.value_sat - a.value_sat);
    const paid = rule.expected === null ? null : sumTo(outputs, rule.expected.decoded.script);
    const percent = paid === null || decoded.total_sat === 0 ? null : (100 * paid) / decoded.total_sat;
    const { verdict, explanation } = this.#verdict(decoded, outputs, chain, percent, rule, memory);
    return {
      ...expected,
      paid_sat: paid,
      total_sat: decoded.total_sat,
      paid_percent: percent === null ? null : Math.round(percent * 100) / 100,
      outputs: outputs.slice(0, OUTPUTS_SHOWN).map(({ script, value_sat }) => {
        const hex = bytesToHex(script);
        return { address: this.#addresses.of(hex, script, chain), script: hex, value_sat };
      }),
      output_count: outputs.length,
      tag: decoded.tag,
      height: decoded.height,
      verdict,
      explanation,
    };
  }

  #verdict(coinbase: DecodedCoinbase, outputs: readonly CoinbaseOutput[], chain: Chain, percent: number | null, rule: PayoutRule, memory: PayeeMemory): Pick<PayoutState, 'verdict' | 'explanation'> {
    const now = this.#clock.monotonic();
    const main = outputs[0]!;
    const payees = outputs.filter(({ value_sat }) => value_sat > 0).map(({ script }) => bytesToHex(script));
    const payee = this.#nameOf(bytesToHex(main.script), main.script, chain);
    const whom = `${payee} ${part((100 * main.value_sat) / Math.max(1, coinbase.total_sat))}`;
    const usual = memory.mainPayee;
    const { expected } = rule;
    const isPaid = percent !== null && percent > 0;
    if (expected !== null && !isPaid && (rule.firm || memory.isMissed(now))) {
      const before = rule.firm ? '' : ', which earlier jobs did';
      return { verdict: 'does_not_pay_expected', explanation: `its jobs do not pay ${expected.address}${before}; they pay ${whom}` };
    }
    if (isPaid) memory.paid();
    if (expected !== null && isPaid && rule.minPercent !== null && percent < rule.minPercent) {
      return { verdict: 'does_not_pay_expected', explanation: `its jobs pay ${expected.address} only ${part(percent)}, less than the ${rule.minPercent} % of payout_min_percent; most goes to ${whom}` };
    }
    const usualPercent = memory.usualPercent;
    if (isPaid && !memory.isUsualPart(percent, now)) {
      return { verdict: 'payee_changed', explanation: `its jobs pay ${expected!.address} ${part(percent)}, before it was ${part(usualPercent!)}; most goes to ${whom}` };
    }
    if (!memory.isUsual(bytesToHex(main.script), now)) {
      return { verdict: 'payee_changed', explanation: `its jobs pay somebody new most: ${whom}; before it was ${usual === null ? 'somebody else' : this.#nameOf(usual, hexToBytes(usual), chain)}` };
    }
    memory.learn(payees);
    if (isPaid) return { verdict: 'pays_expected', explanation: `pays you ${part(percent)} (${expected!.address})` };
    const others = payees.length > 1 ? ` and ${payees.length - 1} more` : '';
    const why = expected === null ? 'the pool keeps your share on account' : `${expected.address} is not in it: the pool keeps your share on account`;
    return { verdict: 'pays_pool', explanation: `pays ${whom}${others}; ${why}` };
  }
}

/** Jobs come every few seconds and pay mostly the same: an address is worked out once. */
class AddressCache {
  readonly #known = new Map<string, string | null>();

  of(hex: string, script: Uint8Array, chain: Chain): string | null {
    const key = `${chain} ${hex}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= ADDRESSES_KEPT) this.#known.delete(this.#known.keys().next().value!);
    const address = addressOfScript(script, chain);
    this.#known.set(key, address);
    return address;
  }
}

function sumTo(outputs: readonly CoinbaseOutput[], script: Uint8Array): number {
  return outputs.reduce((sum, output) => sum + (equalBytes(output.script, script) ? output.value_sat : 0), 0);
}

/** The chain whose addresses are shown: that of the expected address, else what the difficulty suggests. The coinbase does not tell. */
function chainOf(job: Job, { expected }: PayoutRule): Chain {
  const easy = job.networkTarget > EASIEST_MAIN_TARGET;
  const chains = expected?.decoded.chains ?? [easy ? 'regtest' : 'main'];
  return easy && chains.includes('regtest') ? 'regtest' : chains[0]!;
}

function part(percent: number): string {
  return `${Number(percent.toFixed(percent >= 99.95 || percent === 0 ? 0 : 1))} %`;
}
