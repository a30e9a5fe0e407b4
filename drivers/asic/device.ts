/**
 * A board with ASICs as a Device: work in, verified nonces out. It believes nothing the chips say before it has hashed it
 * itself. The life of the board is the keeper's, the chips are the board's.
 */
import { EventEmitter, setMaxListeners } from 'node:events';
import { messageOf, RigError } from '../../protocol/common/errors.ts';
import type { Capability, Device, DeviceCommand, DeviceEvents, DeviceState, DeviceStatus, ShareOutcome, Work } from '../contract.ts';
import type { Board, BoardFacts, BoardNonce } from './board.ts';
import { detailOf } from './detail.ts';
import { BoardKeeper } from './keeper.ts';
import type { AsicContext, AsicParts } from './parts.ts';
import { checkSettings } from './settings.ts';
import { SharesWatch } from './shares-watch.ts';
import { TicketChoice } from './ticket.ts';
import type { Trouble } from './trouble.ts';
import { Truth } from './truth.ts';
import { WorkFeed } from './work-feed.ts';

/** Boards do not burn power without a pool; a change of pools is not worth a halt. */
const IDLE_GRACE_MS = 10_000;
/** A board that was started a moment ago is not halted so quickly: a pool that comes and goes must not switch it on and off. */
const IDLE_GRACE_FRESH_MS = 60_000;
/** How long a command waits for a board that is starting, or not there. */
const COMMAND_MS = { pause: 10_000, set: 30_000, identify: 5000, restart: 90_000 } as const;

export class AsicDevice implements Device {
  readonly id: string;
  readonly title: string;
  readonly driver: string;
  readonly capabilities: ReadonlySet<Capability>;
  readonly events = new EventEmitter<DeviceEvents>();
  readonly #context: AsicContext;
  readonly #keeper: BoardKeeper;
  readonly #feed: WorkFeed;
  readonly #ticket = new TicketChoice();
  readonly #truth: Truth;
  readonly #shares: SharesWatch;
  /** Null unless it runs. */
  #facts: BoardFacts | null = null;
  #board: Board | null = null;
  /** What its chips start with, or were told since. */
  #ticketSet = 1;
  #upAt = -Infinity;
  #paused: string | null = null;
  #idleSince: number | null = 0;
  #signal: AbortSignal | null = null;
  #stopping: Promise<void> | null = null;
  #state: 'new' | 'started' | 'stopped' = 'new';
  #told = '';

  constructor(context: AsicContext, parts: AsicParts) {
    this.id = context.id;
    this.title = parts.title;
    this.driver = parts.driver;
    this.capabilities = new Set(parts.capabilities);
    this.#context = context;
    this.#feed = new WorkFeed(context.clock, {
      wanted: (workId) => this.#emit('exhausted', workId),
      sending: (work, board) => this.#chooseTicket(work, board),
    });
    this.#truth = new Truth(this.#feed.table);
    this.#shares = new SharesWatch(context.log);
    this.#keeper = new BoardKeeper(context, parts, {
      rest: () => this.#rest(),
      up: (board, facts) => this.#up(board, facts),
      down: () => this.#down(),
      resend: () => this.#resend(),
      check: () => this.#check(),
      hashed: () => this.#truth.verified,
      hashing: () => this.#feed.searching && this.#feed.work !== null,
      answer: () => this.#truth.clocks.answer(this.#now()),
      nonce: (nonce) => this.#onNonce(nonce),
      idle: () => this.#feed.ask(),
      sent: (workId) => this.#emit('sent', workId),
      changed: () => this.#tellChange(),
    });
  }

  /** Begins to look for the hardware and returns: what comes of it shows in `state()`. */
  async start(signal: AbortSignal): Promise<void> {
    if (this.#state === 'started') return;
    await this.#stopping;
    signal.throwIfAborted();
    this.#state = 'started';
    this.#idleSince = this.#feed.work ? null : this.#now();
    this.#signal = signal;
    // One signal serves all devices of the rig: more than ten that listen are no leak.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', this.#onAbort, { once: true });
    this.#keeper.start();
    this.#tellChange();
  }

  readonly #onAbort = (): void => void this.stop();

  async stop(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#signal = null;
    this.#state = 'stopped';
    this.#stopping ??= this.#keeper.stop().finally(() => (this.#stopping = null));
    await this.#stopping;
    this.#tellChange();
  }

  assign(work: Work | null): void {
    if (work) this.#idleSince = null;
    else this.#idleSince ??= this.#now();
    this.#feed.assign(work);
    this.#followWork();
    this.#keeper.reconsider();
    this.#tellChange();
  }

  noteShare(outcome: ShareOutcome): void {
    this.#truth.share(this.#now(), outcome);
  }

  /** `hashes_total` is an estimate: nonces that verified times the hashes one takes in the mean. No chip counts what it hashes for us. */
  state(): DeviceState {
    const [status, reason] = this.#status();
    const now = this.#now();
    const readings = this.#keeper.readings();
    const facts = this.#facts;
    const best = this.#truth.best(now, facts);
    return {
      status,
      reason,
      hashrate_hs: status === 'hashing' ? (best?.hashrate_hs ?? null) : this.#atRest(status) ? 0 : null,
      hashes_estimated: true,
      hashes_total: this.#state === 'new' ? null : this.#truth.hashes,
      temp_c: readings?.temp_c ?? null,
      power_w: readings?.power_w ?? null,
      detail: detailOf({
        now,
        facts,
        readings,
        best: status === 'hashing' ? best : null,
        hashing: status === 'hashing',
        truth: this.#truth,
        ticket: this.#ticket.difficulty,
        starts: this.#keeper.starts,
        ladder: this.#keeper.ladder.state(now),
        sharesTrouble: this.#shares.trouble,
      }),
    };
  }

  /** It does not hash because it is not let: that is a rate of 0, where that of a board that is not there is unknown. */
  #atRest(status: DeviceStatus): boolean {
    const { phase } = this.#keeper;
    return status === 'idle' || status === 'paused' || phase === 'cooling' || phase === 'held';
  }

  async command(command: DeviceCommand): Promise<void> {
    switch (command.type) {
      case 'pause':
        return this.#pause(command.reason);
      case 'resume':
        this.#paused = null;
        this.#keeper.reconsider();
        return this.#tellChange();
      case 'restart':
        this.#need('restart');
        return this.#restart();
      case 'identify':
        this.#need('identify');
        return this.#keeper.ask({ name: 'identify', when: 'open', deadlineMs: COMMAND_MS.identify, run: () => this.#keeper.identify() });
      case 'set':
        return this.#set(command.values);
    }
  }

  async #pause(reason: string): Promise<void> {
    this.#need('pause');
    this.#paused = reason;
    this.#keeper.reconsider();
    this.#tellChange();
    if (this.#state === 'started') await this.#keeper.ask({ name: 'pause', when: 'resting', deadlineMs: COMMAND_MS.pause, run: async () => {} });
  }

  async #restart(): Promise<void> {
    if (this.#paused !== null) this.#refuse(`it is paused: ${this.#paused}`);
    const ran = this.#keeper.running;
    this.#keeper.forgive();
    await this.#keeper.ask({ name: 'restart', when: 'running', deadlineMs: COMMAND_MS.restart, run: async () => (ran ? this.#keeper.restart() : undefined) });
  }

  async #set(values: Readonly<Record<string, number>>): Promise<void> {
    const { board } = this.#keeper;
    if (board) checkSettings(this.id, values, this.capabilities, board.limits);
    const use = async (): Promise<void> => {
      const settings = checkSettings(this.id, values, this.capabilities, this.#keeper.board!.limits);
      if (this.#keeper.running) await this.#keeper.apply(settings);
      Object.assign(this.#keeper.settings, settings);
    };
    // At rest there is nothing to wait for: it is used at the next start.
    if (board && !this.#keeper.running && this.#keeper.phase !== 'starting') return use();
    await this.#keeper.ask({ name: `set ${Object.keys(values).join(', ')}`, when: 'running', deadlineMs: COMMAND_MS.set, run: use });
  }

  #need(capability: Capability): void {
    if (!this.capabilities.has(capability)) this.#refuse(`cannot ${capability}`);
  }

  #refuse(words: string): never {
    throw new RigError('E_DEVICE_COMMAND', `${this.id}: ${words}`, { context: { device: this.id } });
  }

  #up(board: Board, facts: BoardFacts): void {
    const now = this.#now();
    this.#board = board;
    this.#facts = facts;
    this.#upAt = now;
    this.#truth.up(now);
    this.#ticket.restart();
    this.#ticketSet = facts.hashesPerNonce / 2 ** facts.zeroBits;
    this.#feed.attach(board);
    this.#followWork();
    this.#tellChange();
  }

  #down(): void {
    this.#feed.detach();
    this.#followWork();
    this.#truth.down();
    this.#board = null;
    this.#facts = null;
  }

  #followWork(): void {
    this.#truth.hashing(this.#now(), this.#feed.searching && this.#feed.work !== null);
  }

  #resend(): void {
    this.#truth.clocks.again(this.#now());
    this.#feed.resend();
  }

  #rest(): string | null {
    return this.#paused ?? (this.#idleTooLong() ? 'no work: halted until there is some' : null);
  }

  #idleTooLong(): boolean {
    if (this.#idleSince === null) return false;
    const now = this.#now();
    const since = Math.max(this.#idleSince + IDLE_GRACE_MS, this.#upAt + IDLE_GRACE_FRESH_MS);
    return now >= since;
  }

  #chooseTicket(work: Work, board: Board): void {
    const facts = board.facts ?? this.#facts;
    if (!facts) return;
    const now = this.#now();
    // Simulated chips have the nominal rate of silicon, and make what their machine lets them.
    const rate = facts.zeroBits === 32 ? facts.hashrateNominalHs : (this.#truth.best(now, facts)?.hashrate_hs ?? null);
    const difficulty = this.#ticket.choose(now, work.shareTarget, facts.zeroBits, rate);
    if (difficulty === this.#ticketSet) return;
    this.#ticketSet = difficulty;
    board.setTicket(difficulty);
  }

  #onNonce(found: BoardNonce): void {
    const facts = this.#keeper.board?.facts ?? this.#facts;
    if (!facts) return;
    const verdict = this.#truth.judge(this.#now(), found, facts);
    if (verdict.kind === 'wanted') this.#emit('nonce', { workId: verdict.workId, nonce: found.nonce, version: found.version, receivedMono: found.receivedMono });
    else if (verdict.kind === 'hardware_error') this.#emit('hardware_error', verdict.reason);
    else if (verdict.kind === 'duplicate') this.#emit('duplicate');
  }

  #check(): Trouble | null {
    const now = this.#now();
    this.#facts = this.#board?.facts ?? this.#facts;
    this.#shares.note(now, this.#truth.clocks.sharesTrouble(now));
    return this.#facts && this.#truth.check(now, this.#facts);
  }

  #status(): [DeviceStatus, string | null] {
    if (this.#state === 'new') return ['init', null];
    if (this.#state === 'stopped') return ['stopped', null];
    const { phase, reason } = this.#keeper;
    if (this.#paused !== null) return ['paused', this.#paused];
    switch (phase) {
      case 'searching':
        return reason === null ? ['init', 'looking for its ports'] : ['fault', reason];
      case 'starting':
        return ['init', reason ?? 'starting'];
      case 'held':
      case 'cooling':
        return ['fault', reason];
      case 'stopped':
        return ['stopped', null];
      case 'resting':
        return ['idle', reason];
      case 'running':
        return this.#feed.work ? ['hashing', null] : ['idle', 'no work'];
    }
  }

  /** Who listens and fails must not stop the board. */
  #emit<Name extends keyof DeviceEvents>(name: Name, ...what: DeviceEvents[Name]): void {
    try {
      (this.events as EventEmitter).emit(name, ...what);
    } catch (error) {
      this.#context.log.error({ event: name, err: messageOf(error) }, 'defect in a listener of the device');
    }
  }

  #tellChange(): void {
    const now = this.#status().join(': ');
    if (now === this.#told) return;
    this.#told = now;
    this.#emit('change');
  }

  #now(): number {
    return this.#context.clock.monotonic();
  }
}
