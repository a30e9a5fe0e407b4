/**
 * The life of a board, from the ports that are looked for to the board that is stopped: one task, so that nothing is ever
 * started twice at once. What to do about trouble is the ladder's to say; what the chips work on is the device's.
 */
import { messageOf, RigError } from '../../protocol/common/errors.ts';
import type { Board, BoardFacts, BoardReadings, BoardSettings } from './board.ts';
import { Cooling } from './cooling.ts';
import { Ladder, MINUTE_MS, type TroubleKind } from './ladder.ts';
import { type BoardListener, Mounted } from './mounted.ts';
import { type Op, OpQueue } from './ops.ts';
import type { AsicContext, AsicParts } from './parts.ts';
import { PortSearch } from './port-search.ts';
import { type Trouble, TroubleLog, troubleOf } from './trouble.ts';
import { Rest } from './waiting.ts';

const TICK_MS = 1000;
/** How often a board that is not open is looked after: nobody tells when its plug is pulled. */
const LOOK_AFTER_MS = 5000;

/** resting: not let, by a person or for want of work. held: stopped by the ladder for a time. */
export type Phase = 'searching' | 'starting' | 'running' | 'resting' | 'cooling' | 'held' | 'stopped';

export interface KeeperHooks extends BoardListener {
  /** Why the board must not run (a person's pause, or no work); null = it may. */
  rest(): string | null;
  /** Chips wait for work. */
  up(board: Board, facts: BoardFacts): void;
  /** They do no longer. */
  down(): void;
  /** Gives the chips the newest work again. */
  resend(): void;
  /** Looks after the clocks, once a second while it runs. Null = nothing is wrong. */
  check(): Trouble | null;
  /** Since the last `up` a nonce has verified. */
  hashed(): boolean;
  /** Chips have work, so that a quiet second is a healthy one. */
  hashing(): boolean;
  /** Phase or reason are others than before. */
  changed(): void;
}

export class BoardKeeper {
  readonly ladder = new Ladder();
  /** What a person has set; used again after every start. */
  readonly settings: { frequency_mhz?: number; voltage_v?: number; fan_percent?: number | null } = {};
  readonly #context: AsicContext;
  readonly #parts: AsicParts;
  readonly #hooks: KeeperHooks;
  readonly #rest: Rest;
  readonly #ops: OpQueue;
  readonly #search: PortSearch;
  readonly #troubles: TroubleLog;
  #mounted: Mounted | null = null;
  #phase: Phase = 'searching';
  #reason: string | null = null;
  /** Noted, and not yet dealt with. */
  #trouble: Trouble | null = null;
  /** What `rest` said last. */
  #wantedRest: string | null = null;
  /** A start, or a change of settings: whoever wants the board to rest does not wait for its end. */
  #attempt: AbortController | null = null;
  /** The next start is on the ladder's account. */
  #charged = false;
  #hold: { readonly until: number; readonly kind: TroubleKind } | null = null;
  #cooling: Cooling | null = null;
  /** It has run since its last start. */
  #ran = false;
  #starts = 0;
  #life = new AbortController();
  #task: Promise<void> | null = null;

  constructor(context: AsicContext, parts: AsicParts, hooks: KeeperHooks) {
    this.#context = context;
    this.#parts = parts;
    this.#hooks = hooks;
    this.#rest = new Rest(context.clock);
    this.#ops = new OpQueue(context.id, context.clock, () => this.#rest.wake());
    this.#search = new PortSearch(context);
    this.#troubles = new TroubleLog(context.log);
  }

  get board(): Board | null {
    return this.#mounted?.board ?? null;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Why it is in this phase, in plain words. */
  get reason(): string | null {
    return this.#reason;
  }

  get running(): boolean {
    return this.#phase === 'running';
  }

  /** Starts of boards, the first included. */
  get starts(): number {
    return this.#starts;
  }

  /** Begins to look for the board; returns at once. */
  start(): void {
    if (this.#task) return;
    this.#life = new AbortController();
    this.#set('searching', null);
    this.#task = this.#run();
  }

  /** Stops the board and closes it. Within 1.2 s, idempotent, never rejects. */
  async stop(): Promise<void> {
    this.#life.abort(this.#refusal('it is being stopped'));
    this.#attempt?.abort(this.#life.signal.reason);
    this.#rest.wake();
    await this.#task;
    this.#task = null;
  }

  /** What `rest` says may have changed. Cheap: asked with every work. */
  reconsider(): void {
    const before = this.#wantedRest;
    const reason = this.#restWanted();
    if (reason === before) return;
    if (reason !== null) this.#attempt?.abort(this.#refusal(reason));
    this.#rest.wake();
  }

  #restWanted(): string | null {
    this.#wantedRest = this.#hooks.rest();
    return this.#wantedRest;
  }

  /** A person wants it to try again now: waits of the ladder are over. */
  forgive(): void {
    this.#hold = null;
    this.#charged = false;
    this.#cooling = null;
    this.ladder.forgive();
    this.#rest.wake();
  }

  /** Carries an operation out when its time has come. @throws RigError E_DEVICE_COMMAND */
  ask(op: Omit<Op, 'describe'>): Promise<void> {
    if (this.#life.signal.aborted || !this.#task) throw this.#refusal('it does not run');
    return this.#ops.add({ ...op, describe: () => this.#reason ?? this.#phase });
  }

  /** Operation: starts the running board again. @throws RigError E_DEVICE_COMMAND saying why it does not run then */
  async restart(): Promise<void> {
    if (!this.#mounted) return;
    this.#set('starting', 'restarted by command');
    await this.#bringUp(this.#mounted);
    if (!this.running) throw this.#refusal(this.#reason ?? 'it did not start');
  }

  /** Operation: sets values on the running board. @throws RigError */
  async apply(settings: BoardSettings): Promise<void> {
    const attempt = new AbortController();
    this.#attempt = attempt;
    try {
      await this.#mounted?.apply(settings, attempt.signal);
    } catch (error) {
      if (!isRefusal(error)) this.#note(troubleOf(error));
      throw error;
    } finally {
      this.#attempt = null;
    }
  }

  /** Operation: shows which one it is. @throws RigError */
  async identify(): Promise<void> {
    await this.#mounted?.identify(this.#life.signal);
  }

  /** Null while there is no board. */
  readings(): BoardReadings | null {
    try {
      return this.board?.readings() ?? null;
    } catch (error) {
      this.#context.log.debug({ err: messageOf(error) }, 'readings failed');
      return null;
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#life;
    while (!signal.aborted) {
      try {
        // A stop or a rest does not wait for what else is in the queue.
        await this.#ops.serve(() => (signal.aborted || (this.running && this.#restWanted() !== null) ? null : { running: this.running, open: this.#mounted?.opened === true }));
        if (signal.aborted) break;
        if (!this.#mounted) await this.#find();
        else if (this.running) await this.#watch(this.#mounted);
        else await this.#wait(this.#mounted);
      } catch (error) {
        // A defect of ours or of a board: what it did is not known, so it is stopped.
        this.#context.log.error({ err: messageOf(error) }, 'defect in the life of a board');
        await this.#take({ kind: 'control', reason: messageOf(error) });
      }
    }
    await this.#drop();
    this.#ops.refuseAll();
    this.#set('stopped', null);
  }

  // No board: its ports are looked for, unless the ladder holds it.

  async #find(): Promise<void> {
    if (this.#hold) return this.#held(this.#hold);
    const found = await this.#search.look(this.#life.signal);
    if (this.#life.signal.aborted) return;
    if (!found) {
      this.#set('searching', this.#search.missing);
      return this.#rest.rest(this.#search.pauseMs);
    }
    try {
      const board = this.#parts.createBoard(found);
      this.#trouble = null;
      this.#mounted = new Mounted(board, this.#context.clock, this.#hooks, (trouble) => this.#note(trouble));
    } catch (error) {
      await this.#take(troubleOf(error));
    }
  }

  async #held(hold: { readonly until: number; readonly kind: TroubleKind }): Promise<void> {
    const leftMs = hold.until - this.#now();
    if (leftMs <= 0) {
      this.#hold = null;
      return;
    }
    await this.#rest.rest(Math.min(leftMs, LOOK_AFTER_MS));
    // Pulling the plug is a person's way to begin anew; a device that comes and goes by itself is held for just that.
    if (this.#hold !== hold || hold.kind === 'gone' || (await this.#search.look(this.#life.signal)) || this.#life.signal.aborted) return;
    if (this.ladder.trouble(this.#now(), 'gone', false).remedy.do !== 'wait_for_port') return;
    this.forgive();
    this.#set('searching', this.#search.missing);
  }

  // A board that does not run: it rests, cools, or is started.

  async #wait(mounted: Mounted): Promise<void> {
    const trouble = this.#trouble;
    this.#trouble = null;
    const rest = this.#restWanted();
    if (rest !== null) return this.#resting(mounted, rest, trouble);
    if (trouble && !(this.#cooling && trouble.kind === 'overheat')) return this.#take(trouble);
    if (this.#cooling) {
      const state = this.#cooling.look(this.#now(), this.readings()?.temp_c ?? null);
      if (state === 'blind') return this.#take({ kind: 'sensor', reason: 'its temperature is unknown since it was too hot' });
      if (state === 'wait') {
        this.#set('cooling', this.#cooling.reason);
        return this.#rest.rest(TICK_MS);
      }
      this.#cooling = null;
    }
    if (this.#charged) {
      const waitMs = this.ladder.waitMs(this.#now());
      if (waitMs > 0) {
        this.#set('held', `started ${this.ladder.state(this.#now()).starts_last_hour} times within an hour: the next attempt waits`);
        return this.#rest.rest(Math.min(waitMs, MINUTE_MS));
      }
      this.ladder.starting(this.#now());
    }
    await this.#bringUp(mounted);
  }

  /** At rest only its disappearance matters: a start looks at everything else anew. */
  async #resting(mounted: Mounted, reason: string, trouble: Trouble | null): Promise<void> {
    this.ladder.resting();
    this.#set('resting', reason);
    if (trouble?.kind === 'gone') return this.#drop();
    if (!mounted.opened && this.#search.ageMs >= LOOK_AFTER_MS && !(await this.#search.look(this.#life.signal))) return this.#drop();
    await this.#rest.rest(TICK_MS);
  }

  async #bringUp(mounted: Mounted): Promise<void> {
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#trouble = null;
    this.#charged = false;
    this.#ran = false;
    this.#starts++;
    this.#set('starting', null);
    const started = await mounted.start(attempt);
    const failed = 'error' in started ? started.error : await this.#useSettings(mounted, attempt.signal);
    this.#attempt = null;
    if (this.#life.signal.aborted) return;
    if (mounted.hung) await this.#drop();
    // What it told itself says more than the error of its start.
    const trouble = this.#trouble as Trouble | null;
    this.#trouble = null;
    const rest = this.#restWanted();
    if (attempt.signal.aborted && rest !== null && trouble?.kind !== 'gone') return this.#mounted ? this.#halt(mounted, 'resting', rest) : undefined;
    // Whoever called the start off wants it to run again: that is nobody's fault, and it is started anew.
    if (isRefusal(attempt.signal.reason) && !trouble) return;
    if ('facts' in started && !failed && !trouble) return this.#raise(mounted.board, mounted.board.facts ?? started.facts);
    await this.#take(trouble ?? troubleOf(failed));
  }

  /** Sets what a person has set before. @returns why the start has failed at that; null = it has not */
  async #useSettings(mounted: Mounted, signal: AbortSignal): Promise<unknown> {
    if (Object.keys(this.settings).length === 0) return null;
    try {
      await mounted.apply({ ...this.settings }, signal);
      return null;
    } catch (error) {
      if (!isRefusal(error) || signal.aborted) return error;
      this.#context.log.warn({ err: messageOf(error) }, 'the board refuses what was set for it: it runs on its own values');
      for (const name of Object.keys(this.settings) as (keyof typeof this.settings)[]) delete this.settings[name];
      return null;
    }
  }

  #raise(board: Board, facts: BoardFacts): void {
    this.ladder.started();
    this.#troubles.forget();
    this.#ran = true;
    const of = facts.chipsExpected !== null && facts.chipsExpected !== facts.chips ? ` of ${facts.chipsExpected}` : '';
    this.#context.log.info({ chip: facts.chip, chips: facts.chips, frequency_mhz: facts.frequencyMhz }, `${facts.chips}${of} ${facts.chip} running`);
    this.#phase = 'running';
    this.#reason = null;
    this.#hooks.up(board, facts);
    this.#hooks.changed();
  }

  // A board that runs.

  async #watch(mounted: Mounted): Promise<void> {
    const rest = this.#restWanted();
    if (rest !== null) return this.#halt(mounted, 'resting', rest);
    const trouble = this.#hooks.check();
    if (trouble) return this.#take(trouble);
    if (!this.#hooks.hashing()) this.ladder.resting();
    else if (this.ladder.healthy(this.#now())) this.#context.log.info({}, 'healthy again');
    await this.#rest.rest(TICK_MS);
  }

  async #halt(mounted: Mounted, phase: 'resting' | 'cooling', reason: string): Promise<void> {
    this.#set(phase, reason);
    if (!(await mounted.halt(this.#life.signal))) await this.#take({ kind: 'control', reason: 'the board could not be halted: it was stopped' });
  }

  // Trouble.

  /** The first trouble counts: what follows, follows from it. Synchronous, so that nothing is sent to a board that is down. */
  #note(trouble: Trouble): void {
    this.#trouble ??= trouble;
    if (trouble.kind === 'gone') this.#attempt?.abort(new RigError('E_DEVICE_PORT', trouble.reason));
    if (this.running) this.#set('starting', trouble.reason);
    this.#rest.wake();
  }

  async #take(trouble: Trouble): Promise<void> {
    const { remedy, alert } = this.ladder.trouble(this.#now(), trouble.kind, this.#ran && this.#hooks.hashed());
    this.#troubles.tell(trouble, remedy, alert);
    switch (remedy.do) {
      case 'resend':
        return this.#hooks.resend();
      case 'bear':
        return;
      case 'reset':
        this.#charged = true;
        return this.#set('starting', `${trouble.reason}: chips are reset`);
      case 'reopen':
        this.#charged = true;
        this.#set('starting', `${trouble.reason}: its port is opened anew`);
        return this.#drop();
      case 'wait_for_port':
        this.#charged = false;
        this.#set('searching', `not plugged in: ${trouble.reason}`);
        return this.#drop();
      case 'cool': {
        this.#charged = true;
        this.#cooling = new Cooling(this.#now(), trouble.reason, this.readings()?.temp_c ?? null);
        return this.#mounted ? this.#halt(this.#mounted, 'cooling', this.#cooling.reason) : undefined;
      }
      case 'isolate':
        // A port that cannot be opened has not started anything.
        this.#charged = trouble.kind !== 'port';
        this.#hold = { until: this.#now() + remedy.ms, kind: trouble.kind };
        this.#set('held', `${trouble.reason}; tried again after ${remedy.ms < MINUTE_MS ? `${Math.round(remedy.ms / 1000)} s` : `${Math.round(remedy.ms / MINUTE_MS)} min`}`);
        return this.#drop();
    }
  }

  /** Out of `running` the chips are down at once, whatever comes next. */
  #set(phase: Phase, reason: string | null): void {
    if (phase === this.#phase && reason === this.#reason) return;
    const ran = this.running;
    this.#phase = phase;
    this.#reason = reason;
    if (ran) this.#hooks.down();
    this.#hooks.changed();
  }

  async #drop(): Promise<void> {
    const mounted = this.#mounted;
    if (!mounted) return;
    if (this.running) this.#set('stopped', null);
    this.#mounted = null;
    this.#cooling = null;
    this.#trouble = null;
    if (!(await mounted.unmount())) this.#context.log.error({}, 'the board did not stop in time: it may still be powered');
  }

  #refusal(words: string): RigError {
    return new RigError('E_DEVICE_COMMAND', `${this.#context.id}: ${words}`, { context: { device: this.#context.id } });
  }

  #now(): number {
    return this.#context.clock.monotonic();
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof RigError && error.code === 'E_DEVICE_COMMAND';
}
