/** Thousands of miners in one process: joined, submitting at a rate, and watched for how soon a job is with all of them. */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../statistics.ts';
import { LoadMiner, type LoadObserver } from './load-miner.ts';

export interface LoadOptions {
  readonly host: string;
  readonly port: number;
  readonly clients: number;
  /** Clients that share an address 127.0.x.y; 0 = all come from whatever the system takes. */
  readonly perAddress: number;
  readonly password: string;
}

/** Milliseconds; null = nothing was measured. */
export interface Spread {
  readonly p50: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

export interface SubmitFigures {
  readonly seconds: number;
  readonly sent: number;
  readonly sent_per_s: number;
  readonly accepted: number;
  /** Answers that came within the time, a second. */
  readonly accepted_per_s: number;
  readonly rejected: number;
  readonly rejected_by_reason: Readonly<Record<string, number>>;
  /** Not answered within ten seconds after the end, or lost with their connection. */
  readonly unanswered: number;
  /** From the write of a submit to the read of its answer. */
  readonly answer_ms: Spread;
}

const JOIN_MS = 120_000;
/** Connections that are being made at a time. */
const AT_A_TIME = 128;
const DRAIN_MS = 10_000;
/** Submits in a row before sockets are read again. */
const BURST = 32;
const FAN_OUT_MS = 10_000;

export class Load {
  readonly #miners: LoadMiner[] = [];
  readonly #latencies: number[] = [];
  #rejected: Record<string, number> = {};
  #accepted = 0;
  #ready = 0;
  readonly #gone: string[] = [];
  #epoch = 0;
  #missing = 0;
  #everybody: ((at: number) => void) | null = null;
  /** Wakes whoever waits for a change of the counts. */
  #wake: () => void = () => {};

  /** Miners that can mine. */
  get joined(): number {
    return this.#ready - this.#gone.length;
  }

  /** Why connections ended, one entry each. */
  get gone(): readonly string[] {
    return this.#gone;
  }

  /**
   * Connects all miners and waits until each has subscribed, is authorized, and has work.
   * @returns how long it took, ms
   * @throws Error when one is refused, or not all are there within two minutes
   */
  async join({ host, port, clients, perAddress, password }: LoadOptions): Promise<number> {
    const began = performance.now();
    const observer: LoadObserver = {
      ready: () => {
        this.#ready += 1;
        this.#wake();
      },
      job: (miner) => this.#jobRead(miner),
      answer: (ms, reason) => this.#answered(ms, reason),
      gone: (miner, reason) => this.#left(miner, reason),
    };
    for (let number = 0; number < clients; number++) {
      while (number - this.#ready >= AT_A_TIME) await this.#change(began + JOIN_MS);
      const from = perAddress === 0 ? null : addressOf(Math.floor(number / perAddress));
      // Half of them roll versions, as in a house with old and new miners.
      this.#miners.push(new LoadMiner({ host, port, from, worker: `bench.m${number}`, password, versionRolling: number % 2 === 0 }, observer));
    }
    while (this.#ready < clients) await this.#change(began + JOIN_MS);
    return performance.now() - began;
  }

  /**
   * Sends shares at a rate for some time: miners chosen by chance, at times chosen by chance, and sent whether or not
   * earlier ones were answered. Every share is hashed for before it is timed.
   */
  async submit(rate: number, seconds: number): Promise<SubmitFigures> {
    this.#latencies.length = 0;
    this.#rejected = {};
    this.#accepted = 0;
    const began = performance.now();
    const end = began + seconds * 1000;
    let sent = 0;
    let due = began;
    for (let now = began; now < end; now = performance.now()) {
      for (let burst = 0; due <= now && burst < BURST; burst++) {
        due += (-Math.log(1 - Math.random()) * 1000) / rate;
        if (this.#miners[Math.floor(Math.random() * this.#miners.length)]?.submit()) sent += 1;
      }
      if (due <= performance.now()) await nextTurn();
      else await sleep(1);
    }
    const took = (performance.now() - began) / 1000;
    const inTime = this.#accepted;
    await this.#drain();
    const rejected = Object.values(this.#rejected).reduce((sum, count) => sum + count, 0);
    return {
      seconds: took,
      sent,
      sent_per_s: Math.round(sent / took),
      accepted: this.#accepted,
      accepted_per_s: Math.round(inTime / took),
      rejected,
      rejected_by_reason: this.#rejected,
      unanswered: sent - this.#accepted - rejected,
      answer_ms: spreadOf(this.#latencies),
    };
  }

  /**
   * Makes a pool send a job and waits until every miner has read one.
   * @param send writes the job, at once
   * @returns from before it was sent to when the last miner had read it, ms; null = not all within ten seconds
   */
  async fanOut(send: () => void): Promise<number | null> {
    this.#epoch += 1;
    this.#missing = this.#miners.filter((miner) => miner.ready).length;
    const began = performance.now();
    const all = new Promise<number>((resolve) => (this.#everybody = resolve));
    send();
    const limit = new AbortController();
    const at = await Promise.race([all, sleep(FAN_OUT_MS, null, { signal: limit.signal }).catch(() => null)]);
    limit.abort();
    this.#everybody = null;
    return at === null ? null : at - began;
  }

  close(): void {
    for (const miner of this.#miners) miner.close();
    this.#miners.length = 0;
  }

  #answered(ms: number, reason: string | null): void {
    this.#latencies.push(ms);
    if (reason === null) this.#accepted += 1;
    else this.#rejected[reason] = (this.#rejected[reason] ?? 0) + 1;
    this.#wake();
  }

  #jobRead(miner: LoadMiner): void {
    if (miner.epoch === this.#epoch || !miner.ready) return;
    miner.epoch = this.#epoch;
    this.#missing -= 1;
    if (this.#missing === 0) this.#everybody?.(performance.now());
  }

  #left(miner: LoadMiner, reason: string): void {
    this.#gone.push(reason);
    if (miner.epoch !== this.#epoch) this.#missing -= 1;
    this.#wake();
  }

  async #drain(): Promise<void> {
    const deadline = performance.now() + DRAIN_MS;
    while (this.#miners.some((miner) => miner.waiting > 0) && performance.now() < deadline) await sleep(20);
  }

  /** @throws Error after the deadline, or when a miner was turned away */
  async #change(deadline: number): Promise<void> {
    const [reason] = this.#gone;
    if (reason !== undefined) throw new Error(`a miner was turned away after ${this.#ready} had joined: ${reason}`);
    if (performance.now() >= deadline) throw new Error(`only ${this.#ready} miners had joined after ${JOIN_MS / 1000} s`);
    const limit = new AbortController();
    await Promise.race([new Promise<void>((resolve) => (this.#wake = resolve)), sleep(250, null, { signal: limit.signal }).catch(() => {})]);
    limit.abort();
    this.#wake = () => {};
  }
}

export function spreadOf(values: readonly number[]): Spread {
  const at = (p: number): number | null => (values.length === 0 ? null : Number(percentile(values, p).toFixed(3)));
  return { p50: at(50), p99: at(99), max: at(100) };
}

/** 127.0.1.1, 127.0.1.2, ... */
function addressOf(group: number): string {
  return `127.0.${1 + Math.floor(group / 250)}.${1 + (group % 250)}`;
}
