/**
 * The life of a board, from the ports that are looked for to the board that is stopped: one task, so that nothing is ever
 * started twice at once. What to do about trouble is the ladder's to say; what the chips work on is the device's.
 */
import { messageOf, RigError } from '../../protocol/common/errors.ts';
import type { Board, BoardFacts, BoardNonce, BoardReadings, BoardSettings, BoardTrouble } from './board.ts';
import { Ladder, MINUTE_MS, type Remedy, type TroubleKind } from './ladder.ts';
import { type Op, OpQueue } from './ops.ts';
import type { AsicContext, AsicParts } from './parts.ts';
import { type Trouble, troubleOf } from './trouble.ts';
import { type Outcome, Rest, within } from './waiting.ts';

/** A chain of a hundred chips with all its registers and a ramp in steps of 100 ms takes half of it. */
const START_MS = 60_000;
/** A start that is cut short must end within this. */
const ABORT_MS = 200;
const APPLY_MS = 60_000;
const HALT_MS = 3000;
/** The contract of Board.stop says 1 s. */
const STOP_MS = 1000;
const LOCATE_MS = 5000;
const LOOK_EVERY_MS = { atFirst: 1000, later: 3000, whileHeld: 5000 } as const;
const TICK_MS = 1000;
const COOL_MS = MINUTE_MS;
const COOL_BY_C = 10;
/** A board that halts and whose temperature stays unknown for so long has a broken sensor. */
const COOL_BLIND_MS = 15 * MINUTE_MS;

export type Phase = 'searching' | 'starting' | 'running' | 'resting' | 'cooling' | 'held' | 'stopped';

export interface KeeperHooks {
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
  answer(): void;
  nonce(nonce: BoardNonce): void;
  idle(): void;
  sent(workId: number): void;
  changed(): void;
}

interface Mounted {
  readonly board: Board;
  /** Ports are open: it has been started once. */
  opened: boolean;
  readonly unmount: () => void;
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
  #mounted: Mounted | null = null;
  #phase: Phase = 'searching';
  #reason: string | null = null;
  #trouble: Trouble | null = null;
  #attempt: AbortController | null = null;
  /** The next start is on the ladder's account. */
  #charged = false;
  #hold: { readonly until: number; readonly kind: TroubleKind; readonly reason: string } | null = null;
  #cooling: { readonly since: number; readonly belowC: number | null; readonly reason: string } | null = null;
  #life = new AbortController();
  #task: Promise<void> | null = null;
  /** It has run since its last start. */
  #ran = false;
  #looks = 0;
  #lookedAt = -Infinity;
  #starts = 0;
  #told = '';

  constructor(context: AsicContext, parts: AsicParts, hooks: KeeperHooks) {
    this.#context = context;
    this.#parts = parts;
    this.#hooks = hooks;
    this.#rest = new Rest(context.clock);
    this.#ops = new OpQueue(context.id, context.clock, () => this.#rest.wake());
  }

  get board(): Board | null {
    return this.#mounted?.board ?? null;
  }

  get phase(): Phase {
    return this.#phase;
  }

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
    this.#phase = 'searching';
    this.#reason = null;
    this.#task = this.#run();
  }

  /** Stops the board and closes it. Within 1.2 s, idempotent, never rejects. */
  async stop(): Promise<void> {
    this.#life.abort(new RigError('E_DEVICE_COMMAND', `${this.#context.id} is being stopped`));
    this.#attempt?.abort(this.#life.signal.reason);
    this.#rest.wake();
    await this.#task;
    this.#task = null;
  }

  /** What `rest` says has changed. */
  reconsider(): void {
    const reason = this.#hooks.rest();
    if (reason !== null) this.#attempt?.abort(new RigError('E_DEVICE_COMMAND', reason));
    this.#rest.wake();
  }

  /** Carries an operation out when its time has come. @throws RigError E_DEVICE_COMMAND */
  ask(op: Omit<Op, 'describe'>): Promise<void> {
    if (this.#life.signal.aborted || !this.#task) throw this.#refusal('it does not run');
    return this.#ops.add({ ...op, describe: () => this.#reason ?? this.#phase });
  }

  /** A person wants it to try again now: waits of the ladder are over. */
  forgive(): void {
    this.#hold = null;
    this.#charged = false;
    this.#cooling = null;
    this.ladder.forgive();
    this.#rest.wake();
  }

  /** Starts the running board again, for a person. @throws what Board.start throws */
  async restart(): Promise<void> {
    const mounted = this.#mounted;
    if (!mounted) return;
    this.#lower('starting', 'restarted by command');
    await this.#bringUp(mounted);
    if (!this.running) throw this.#refusal(this.#reason ?? 'it did not start');
  }

  /** Sets values on the running board. @throws RigError */
  async apply(settings: BoardSettings): Promise<void> {
    const board = this.board;
    if (!board) return;
    const outcome = await this.#within(APPLY_MS, board.apply(settings));
    if (outcome.kind === 'late') throw this.#refusal(`it did not take the setting within ${APPLY_MS / 1000} s`);
    if (outcome.kind === 'failed') {
      if (!(outcome.error instanceof RigError) || outcome.error.code !== 'E_DEVICE_COMMAND') this.#note(troubleOf(outcome.error));
      throw outcome.error;
    }
  }

  async identify(): Promise<void> {
    const outcome = await this.#within(HALT_MS, this.board?.identify() ?? Promise.reject(this.#refusal('it is not there')));
    if (outcome.kind === 'failed') throw outcome.error;
    if (outcome.kind === 'late') throw this.#refusal('it did not answer');
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
        await this.#ops.serve(() => ({ running: this.running, open: this.#mounted?.opened === true }));
        if (signal.aborted) break;
        if (!this.#mounted) await this.#find();
        else if (this.running) await this.#watch(this.#mounted);
        else await this.#wait(this.#mounted);
      } catch (error) {
        // A defect of ours or of a board: what it did is not known, so it is stopped.
        this.#context.log.error({ device: this.#context.id, err: messageOf(error) }, 'defect in the life of a board');
        await this.#take({ kind: 'control', reason: messageOf(error) });
      }
    }
    await this.#drop();
    this.#ops.refuseAll();
    this.#set('stopped', null);
  }

  // --- no board yet -------------------------------------------------------------------------------------------------

  async #find(): Promise<void> {
    const hold = this.#hold;
    const now = this.#now();
    if (hold) {
      if (now >= hold.until) this.#hold = null;
      else {
        await this.#rest.rest(Math.min(hold.until - now, LOOK_EVERY_MS.whileHeld));
        // Pulling the plug is a person's way to begin anew; a device that comes and goes by itself is held for just that.
        if (this.#hold === hold && hold.kind !== 'gone' && this.#now() < hold.until && !(await this.#locate())) this.#unpluggedWhileHeld();
        return;
      }
    }
    const found = await this.#locate();
    if (this.#life.signal.aborted) return;
    if (!found) {
      await this.#rest.rest(this.#looks++ < 30 ? LOOK_EVERY_MS.atFirst : LOOK_EVERY_MS.later);
      return;
    }
    this.#looks = 0;
    try {
      this.#mount(this.#parts.createBoard(found));
    } catch (error) {
      await this.#take(troubleOf(error));
      return;
    }
    const rest = this.#hooks.rest();
    this.#set(rest === null ? 'starting' : 'resting', rest);
  }

  async #locate() {
    const { ports } = this.#context;
    this.#lookedAt = this.#now();
    if (!ports) {
      this.#missing('this installation gives it no ports');
      return null;
    }
    const outcome = await this.#within(LOCATE_MS, ports.locate());
    if (outcome.kind === 'done' && outcome.value.found) return outcome.value;
    if (outcome.kind === 'done' && !outcome.value.found) this.#missing(outcome.value.reason);
    else if (!this.#life.signal.aborted) this.#missing(outcome.kind === 'failed' ? messageOf(outcome.error) : 'the system did not say where its ports are');
    return null;
  }

  #missing(reason: string): void {
    if (this.#hold || this.#mounted) return;
    this.#set('searching', `not plugged in: ${reason}`);
  }

  #unpluggedWhileHeld(): void {
    const step = this.ladder.trouble(this.#now(), 'gone', false);
    if (step.remedy.do !== 'wait_for_port') return;
    this.#hold = null;
    this.#charged = false;
    this.ladder.forgive();
    this.#set('searching', 'unplugged');
  }

  #mount(board: Board): void {
    const onTrouble = ({ kind, reason }: BoardTrouble): void => this.#note({ kind, reason });
    const listeners = { answer: () => this.#hooks.answer(), nonce: (nonce: BoardNonce) => this.#hooks.nonce(nonce), idle: () => this.#hooks.idle(), sent: (workId: number) => this.#hooks.sent(workId) };
    board.events.on('answer', listeners.answer).on('nonce', listeners.nonce).on('idle', listeners.idle).on('sent', listeners.sent).on('trouble', onTrouble);
    this.#trouble = null;
    this.#mounted = {
      board,
      opened: false,
      unmount: () => board.events.off('answer', listeners.answer).off('nonce', listeners.nonce).off('idle', listeners.idle).off('sent', listeners.sent).off('trouble', onTrouble),
    };
  }

  // --- a board that does not run ------------------------------------------------------------------------------------

  async #wait(mounted: Mounted): Promise<void> {
    const trouble = this.#taken();
    const rest = this.#hooks.rest();
    if (trouble && rest === null && !(this.#cooling && trouble.kind === 'overheat')) return this.#take(trouble);
    // At rest only its disappearance matters: a start looks at everything else anew.
    if (trouble?.kind === 'gone') {
      await this.#drop();
      return this.#set('searching', `not plugged in: ${trouble.reason}`);
    }
    if (rest !== null) {
      this.ladder.resting();
      this.#set('resting', rest);
      if (!mounted.opened && this.#now() - this.#lookedAt >= LOOK_EVERY_MS.whileHeld && !(await this.#locate())) return this.#drop();
      return this.#rest.rest(TICK_MS);
    }
    if (this.#cooling && !(await this.#cooled())) return;
    const waitMs = this.#charged ? this.ladder.waitMs(this.#now()) : 0;
    if (waitMs > 0) {
      this.#set('held', `started ${this.ladder.state(this.#now()).starts_last_hour} times within an hour: the next attempt waits`);
      return this.#rest.rest(Math.min(waitMs, MINUTE_MS));
    }
    if (this.#charged) this.ladder.starting(this.#now());
    this.#charged = false;
    await this.#bringUp(mounted);
  }

  async #cooled(): Promise<boolean> {
    const { since, belowC, reason } = this.#cooling!;
    const age = this.#now() - since;
    const temp = this.readings()?.temp_c ?? null;
    if (age >= COOL_MS && temp !== null && (belowC === null || temp <= belowC)) {
      this.#cooling = null;
      return true;
    }
    if (age >= COOL_BLIND_MS && temp === null) {
      this.#cooling = null;
      await this.#take({ kind: 'sensor', reason: 'its temperature is unknown since it was too hot' });
    } else {
      this.#set('cooling', reason);
      await this.#rest.rest(TICK_MS);
    }
    return false;
  }

  async #bringUp(mounted: Mounted): Promise<void> {
    const { board } = mounted;
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#trouble = null;
    this.#set('starting', null);
    mounted.opened = true;
    this.#ran = false;
    this.#starts++;
    const starting = Promise.resolve().then(() => board.start(attempt.signal));
    let outcome: Outcome<BoardFacts> = await this.#within(START_MS, starting, attempt.signal);
    if (outcome.kind === 'late') {
      attempt.abort(new RigError('E_DEVICE_SILENT', `it did not start within ${START_MS / 1000} s`));
      outcome = await within(this.#context.clock, ABORT_MS, starting);
    }
    this.#attempt = null;
    if (outcome.kind === 'late') {
      // It hangs. Whenever it ends, it ends safe, and nobody starts this one again.
      const end = (): Promise<void> => board.stop();
      starting.then(end, end).catch(() => {});
      await this.#drop();
    }
    if (outcome.kind === 'done' && !attempt.signal.aborted) outcome = await this.#useSettings(board, outcome);
    if (this.#life.signal.aborted) return;
    const trouble = this.#taken();
    const rest = this.#hooks.rest();
    if (attempt.signal.aborted && rest !== null && trouble?.kind !== 'gone') return this.#mounted ? this.#halt(mounted, 'resting', rest) : undefined;
    if (outcome.kind === 'done' && !trouble && !attempt.signal.aborted) return this.#raise(board, outcome.value);
    const reason: unknown = outcome.kind === 'failed' ? outcome.error : attempt.signal.reason;
    await this.#take(trouble ?? troubleOf(reason));
  }

  async #useSettings(board: Board, outcome: Outcome<BoardFacts>): Promise<Outcome<BoardFacts>> {
    if (Object.keys(this.settings).length === 0) return outcome;
    const applied = await this.#within(APPLY_MS, board.apply({ ...this.settings }));
    if (applied.kind === 'done') return outcome;
    if (applied.kind === 'failed' && applied.error instanceof RigError && applied.error.code === 'E_DEVICE_COMMAND') {
      this.#context.log.warn({ device: this.#context.id, err: applied.error.message }, 'the board refuses what was set for it: it runs on its own values');
      for (const name of Object.keys(this.settings) as (keyof typeof this.settings)[]) delete this.settings[name];
      return outcome;
    }
    return applied.kind === 'failed' ? applied : { kind: 'failed', error: new RigError('E_DEVICE_CONTROL', 'the board did not take its settings in time') };
  }

  #raise(board: Board, facts: BoardFacts): void {
    this.ladder.started();
    this.#ran = true;
    const of = facts.chipsExpected !== null && facts.chipsExpected !== facts.chips ? ` of ${facts.chipsExpected}` : '';
    this.#context.log.info({ device: this.#context.id, chip: facts.chip, chips: facts.chips, frequency_mhz: facts.frequencyMhz }, `${facts.chips}${of} ${facts.chip} running`);
    this.#set('running', null);
    this.#hooks.up(board, board.facts ?? facts);
  }

  // --- a board that runs --------------------------------------------------------------------------------------------

  async #watch(mounted: Mounted): Promise<void> {
    const rest = this.#hooks.rest();
    if (rest !== null) return this.#halt(mounted, 'resting', rest);
    const trouble = this.#hooks.check();
    if (trouble) return this.#take(trouble);
    if (!this.#hooks.hashing()) this.ladder.resting();
    else if (this.ladder.healthy(this.#now())) this.#context.log.info({ device: this.#context.id }, 'healthy again');
    await this.#rest.rest(TICK_MS);
  }

  async #halt(mounted: Mounted, phase: 'resting' | 'cooling', reason: string): Promise<void> {
    this.#lower(phase, reason);
    const outcome = await this.#within(HALT_MS, mounted.board.halt());
    if (outcome.kind !== 'done' && !this.#life.signal.aborted) await this.#take({ kind: 'control', reason: 'the board could not be halted: it was stopped' });
  }

  // --- trouble ------------------------------------------------------------------------------------------------------

  /** The first trouble counts: what follows, follows from it. Synchronous, so that nothing is sent to a board that is down. */
  #note(trouble: Trouble): void {
    this.#trouble ??= trouble;
    if (trouble.kind === 'gone') this.#attempt?.abort(new RigError('E_DEVICE_PORT', trouble.reason));
    if (this.running) this.#lower('starting', trouble.reason);
    this.#rest.wake();
  }

  #taken(): Trouble | null {
    const trouble = this.#trouble;
    this.#trouble = null;
    return trouble;
  }

  async #take(trouble: Trouble): Promise<void> {
    const { remedy, alert } = this.ladder.trouble(this.#now(), trouble.kind, this.#ran && this.#hooks.hashed());
    this.#tell(trouble, remedy, alert);
    switch (remedy.do) {
      case 'resend':
        return this.#hooks.resend();
      case 'bear':
        return;
      case 'reset':
        this.#charged = true;
        return this.#lower('starting', `${trouble.reason}: chips are reset`);
      case 'reopen':
        this.#charged = true;
        this.#lower('starting', `${trouble.reason}: its port is opened anew`);
        return this.#drop();
      case 'wait_for_port':
        this.#charged = false;
        this.#lower('searching', `not plugged in: ${trouble.reason}`);
        return this.#drop();
      case 'cool':
        return this.#cool(trouble);
      case 'isolate':
        // A port that cannot be opened has not started anything.
        this.#charged = trouble.kind !== 'port';
        this.#lower('held', `${trouble.reason}; tried again after ${duration(remedy.ms)}`);
        this.#hold = { until: this.#now() + remedy.ms, kind: trouble.kind, reason: trouble.reason };
        return this.#drop();
    }
  }

  async #cool(trouble: Trouble): Promise<void> {
    this.#charged = true;
    const temp = this.readings()?.temp_c ?? null;
    const belowC = temp === null ? null : temp - COOL_BY_C;
    const reason = `${trouble.reason}; waits until it has cooled${belowC === null ? '' : ` to ${belowC.toFixed(0)} degC`}`;
    this.#cooling = { since: this.#now(), belowC, reason };
    if (this.#mounted) await this.#halt(this.#mounted, 'cooling', reason);
  }

  #tell(trouble: Trouble, remedy: Remedy, alert: boolean): void {
    const fields = { device: this.#context.id, trouble: trouble.kind, remedy: remedy.do, ...(remedy.do === 'isolate' ? { wait_s: Math.round(remedy.ms / 1000) } : {}) };
    const { log } = this.#context;
    const line = `${trouble.kind} ${trouble.reason}`;
    if (alert) log.error(fields, `${trouble.reason}: somebody should look after it`);
    else if (line !== this.#told) log.warn(fields, trouble.reason);
    else log.debug(fields, trouble.reason);
    this.#told = line;
  }

  // --- small --------------------------------------------------------------------------------------------------------

  /** Out of `running`, or from one way of not running to another. */
  #lower(phase: Phase, reason: string | null): void {
    const was = this.running;
    this.#set(phase, reason, !was);
    if (!was) return;
    this.#hooks.down();
    this.#hooks.changed();
  }

  #set(phase: Phase, reason: string | null, tell = true): void {
    if (phase === this.#phase && reason === this.#reason) return;
    this.#phase = phase;
    this.#reason = reason;
    if (phase === 'running') this.#told = '';
    if (tell) this.#hooks.changed();
  }

  async #drop(): Promise<void> {
    const mounted = this.#mounted;
    if (!mounted) return;
    this.#lower(this.#phase === 'running' ? 'starting' : this.#phase, this.#reason);
    mounted.unmount();
    this.#mounted = null;
    this.#cooling = null;
    this.#trouble = null;
    // Not cut short by the end of the life: this is the end.
    const outcome = await within(this.#context.clock, STOP_MS, mounted.board.stop());
    if (outcome.kind !== 'done') this.#context.log.error({ device: this.#context.id }, 'the board did not stop in time: it may still be powered');
  }

  #within<T>(ms: number, promise: Promise<T>, signal: AbortSignal = this.#life.signal): Promise<Outcome<T>> {
    return within(this.#context.clock, ms, promise, signal);
  }

  #refusal(words: string): RigError {
    return new RigError('E_DEVICE_COMMAND', `${this.#context.id}: ${words}`, { context: { device: this.#context.id } });
  }

  #now(): number {
    return this.#context.clock.monotonic();
  }
}

function duration(ms: number): string {
  return ms < MINUTE_MS ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / MINUTE_MS)} min`;
}
