import { EventEmitter, setMaxListeners } from 'node:events';
import type { Device, Nonce, ShareOutcome } from '../../drivers/contract.ts';
import type { Clock, Timer } from '../../protocol/common/clock.ts';
import { messageOf, RigError } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import type { Service } from '../../protocol/common/service.ts';
import { HASHES_AT_DIFFICULTY_ONE } from '../../protocol/bitcoin/target.ts';
import type { TemplateManager } from '../dtm/template-manager.ts';
import { DEFAULT_CHOICE, PoolChoice, type ChoiceOptions, type PoolRoleState } from './choice/pool-choice.ts';
import type { MiningEvents } from './events.ts';
import { HashMeter } from './hash-meter.ts';
import { isAway } from './endpoint-state.ts';
import type { Job, JobSource, Share, Verdict } from './job.ts';
import { Delays } from './delays.ts';
import { ShareAccount } from './share-account.ts';
import { ShareDesk } from './share-desk.ts';

/** How old the rate of a device may be when work is made for it: chips ask for work dozens of times a second. */
const RATE_AGE_MS = 1000;

export interface EngineOptions {
  /** In order of preference. */
  readonly sources: readonly JobSource[];
  readonly devices: readonly Device[];
  readonly templates: TemplateManager;
  /** Null = may be submitted, else why not. */
  readonly withhold: (share: Share) => string | null;
  /** Looks into every job that comes; null = it may be mined, else why not: the source then counts as one without work. */
  readonly inspect?: (job: Job) => string | null;
  /** How the source to mine for is chosen. Default: the first that has work. */
  readonly choice?: ChoiceOptions;
  readonly clock: Clock;
  readonly log: Log;
}

/** A source and the newest job it has sent and not taken back. */
interface SourceSlot {
  readonly source: JobSource;
  job: Job | null;
}

interface Rig {
  readonly device: Device;
  readonly account: ShareAccount;
  /** Id of the newest Work it was given. */
  workId: number | null;
  /** It hashed or waited for work when it last told of a change: a job given to it now goes out now. */
  ready: boolean;
  /** Work that is the first of a new job for it, and when the bytes of that job were read; null = its arrival at the wire is told already. */
  fresh: { readonly workId: number; readonly readAt: number } | null;
  /** Its hash rate as last looked up, and when. */
  rate: { readonly at: number; readonly hs: number | null } | null;
}

/**
 * Joins job sources, template manager and devices: the newest job of the chosen source becomes Work for every device,
 * their nonces are judged on the host, shares go back to the source of their own job and nowhere else.
 */
export class MiningEngine implements Service {
  readonly events = new EventEmitter<MiningEvents>();
  readonly account = new ShareAccount();
  /** Of all devices with a wire: from the pool's bytes to the device's, and back. */
  readonly delays = { jobSent: new Delays(), shareSent: new Delays() };
  readonly #options: EngineOptions;
  readonly #log: Log;
  readonly #slots: SourceSlot[];
  readonly #rigs: Map<string, Rig>;
  readonly #desk: ShareDesk;
  readonly #choice: PoolChoice;
  /** Looks at the choice again when its time has come. */
  #look: Timer | null = null;
  #running = false;
  /** Given to devices that are added while mining; goes off with `stop`. */
  #life = new AbortController();

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#slots = options.sources.map((source) => ({ source, job: null }));
    this.#rigs = new Map(options.devices.map((device) => [device.id, newRig(device)]));
    this.#desk = new ShareDesk({
      sources: options.sources,
      clock: options.clock,
      onShare: (share) => this.events.emit('share', share),
      onVerdict: (share, verdict) => this.events.emit('verdict', share, verdict),
    });
    const meter = new HashMeter();
    const ids = options.sources.map(({ id }) => id);
    this.#choice = new PoolChoice(ids, options.choice ?? DEFAULT_CHOICE, options.clock, () => meter.take(this.devices, options.clock.monotonic()) ?? 0);
  }

  /**
   * A device that was plugged in while mining. It gets work as soon as it has started. Its place in the engine is kept for
   * good: one that is pulled out waits for its return, with its counts.
   * @throws RigError E_INTERNAL when there is a device with this id already
   */
  async addDevice(device: Device): Promise<void> {
    if (this.#rigs.has(device.id)) throw new RigError('E_INTERNAL', `there is already a device "${device.id}"`);
    const rig = newRig(device);
    this.#rigs.set(device.id, rig);
    if (!this.#running) return;
    await this.#startDevice(rig, this.#life.signal);
    this.events.emit('device', device.id);
    if (this.#running) this.#assign(rig);
  }

  /** Starts every device and source. A device that cannot start is reported and left out; the others mine. */
  async start(signal: AbortSignal): Promise<void> {
    // Sources end with the signal they are given, but ours goes off before `stop`, which has an order to keep.
    const starting = new AbortController();
    // Every pool and every device may listen to it; more than ten are no leak.
    setMaxListeners(0, starting.signal);
    const abort = (): void => starting.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    try {
      await this.#start(starting.signal);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  async #start(signal: AbortSignal): Promise<void> {
    this.#running = true;
    this.#life = new AbortController();
    // Side by side: one that takes its time holds up nobody.
    await Promise.all([...this.#rigs.values()].map((rig) => this.#startDevice(rig, signal)));
    signal.throwIfAborted();
    for (const slot of this.#slots) {
      slot.source.events.on('job', (job) => this.#onJob(slot, job));
      slot.source.events.on('invalidate', (reason) => this.#onInvalidate(slot, reason));
      slot.source.events.on('change', () => this.#onChange(slot));
      await slot.source.start(signal);
    }
  }

  async #startDevice(rig: Rig, signal: AbortSignal): Promise<void> {
    this.#listenTo(rig);
    try {
      await rig.device.start(signal);
    } catch (error) {
      if (!signal.aborted) this.#log.error({ device: rig.device.id, err: messageOf(error) }, 'device did not start');
    }
  }

  /** Devices first, so that hardware is safe before anything else is waited for. Afterwards every share has its verdict. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#life.abort(new Error('mining stops'));
    this.#look?.cancel();
    await Promise.allSettled([...this.#rigs.values()].map((rig) => rig.device.stop()));
    await Promise.allSettled(this.#slots.map((slot) => slot.source.stop()));
    await this.#desk.settled();
  }

  /** Id of the source being mined for, or null. */
  get activeSource(): string | null {
    return this.#choice.active;
  }

  /** What each source is to the rig, by its id: mined for, waiting, on its way back or down; and why. */
  roles(): ReadonlyMap<string, PoolRoleState> {
    return this.#choice.roles();
  }

  get sources(): readonly JobSource[] {
    return this.#options.sources;
  }

  /** In the order they were added. */
  get devices(): readonly Device[] {
    return [...this.#rigs.values()].map((rig) => rig.device);
  }

  /** The device with this id. */
  device(id: string): Device | undefined {
    return this.#rigs.get(id)?.device;
  }

  /** Share account of one device. */
  accountOf(deviceId: string): ShareAccount | undefined {
    return this.#rigs.get(deviceId)?.account;
  }

  /** Hashes computed by all devices since start; null when no device counts them. */
  hashesTotal(): number | null {
    let total: number | null = null;
    for (const { device } of this.#rigs.values()) {
      const hashes = device.state().hashes_total;
      if (hashes !== null) total = (total ?? 0) + hashes;
    }
    return total;
  }

  /** The newest job of a source that has not been taken back; null when there is none. */
  jobOf(sourceId: string): Job | null {
    return this.#slots.find((slot) => slot.source.id === sourceId)?.job ?? null;
  }

  /** Why a job may not be mined, whichever connection it came by; null = it may. */
  inspect(job: Job): string | null {
    return this.#options.inspect?.(job) ?? null;
  }

  /**
   * A share that no device of this rig found (a miner in the house): it goes the way of every other, policy, verdict,
   * account and events included. Its job must be of one of our sources, its extranonce2 the whole of it. Never rejects.
   * @param own the connection its job came by, where its miner has one alone; it goes by the id of the source it stands for
   */
  submitForeign(share: Share, own: JobSource | null = null): Promise<Verdict> {
    // Each stands for the hashes a share of its job takes in the mean: the split of work between pools knows of them, too.
    if (this.#options.sources.some(({ id }) => id === share.job.sourceId)) this.#choice.addHashes(share.job.sourceId, share.job.shareDifficulty * HASHES_AT_DIFFICULTY_ONE);
    return this.#desk.hand(share, [this.account], this.#options.withhold(share), own);
  }

  #listenTo(rig: Rig): void {
    const { device } = rig;
    device.events.on('nonce', (nonce) => this.#onNonce(rig, nonce));
    device.events.on('exhausted', (workId) => {
      if (workId === rig.workId) this.#assign(rig);
    });
    device.events.on('change', () => {
      const { status } = device.state();
      rig.ready = status === 'hashing' || status === 'idle';
      // What it is given while it is away goes out when it is back: that time is not ours.
      if (!rig.ready) rig.fresh = null;
      this.events.emit('device', device.id);
    });
    device.events.on('sent', (workId) => this.#onSent(rig, workId));
    device.events.on('hardware_error', (reason) => this.#onHardwareError(rig, reason));
    device.events.on('duplicate', () => this.#onDuplicate(rig));
  }

  #onJob(slot: SourceSlot, job: Job): void {
    const refusal = this.inspect(job);
    if (refusal !== null) return this.#onInvalidate(slot, refusal);
    slot.job = job;
    const isBack = this.#choice.gained(slot.source.id);
    this.events.emit('sourceJob', job);
    this.#choose(slot);
    if (isBack) this.#tellReturn(slot.source.id);
  }

  #tellReturn(id: string): void {
    const role = this.#choice.roles().get(id);
    if (role?.role === 'returning') this.#log.info({ pool: id, reason: role.role_reason }, 'a pool that failed works again');
  }

  #onInvalidate(slot: SourceSlot, reason: string): void {
    slot.job = null;
    this.#choice.lost(slot.source.id, reason);
    this.events.emit('sourceLost', slot.source.id, reason);
    this.#choose(slot);
  }

  #onChange({ source }: SourceSlot): void {
    const state = source.state();
    if (isAway(state.status)) this.#choice.away(source.id);
    this.events.emit('source', state);
  }

  /**
   * Chooses the source to mine for and hands its newest job out, if that changed anything.
   * @param changed the source that has a new job or none any more; null = nothing happened but that time has passed
   */
  #choose(changed: SourceSlot | null): void {
    if (!this.#running) return;
    const change = this.#choice.choose();
    this.#lookAgain();
    const chosen = this.#slots.find(({ source }) => source.id === this.#choice.active) ?? null;
    if (change !== null) {
      const { id, reason, cause } = change;
      this.#log[cause === 'turn' ? 'debug' : 'info']({ pool: id, reason, cause }, id === null ? 'no pool has work: devices wait' : 'mining for pool');
      this.events.emit('active', id, reason, cause);
    } else if (chosen !== changed || chosen === null) {
      return;
    }
    if (chosen?.job) {
      this.#options.templates.setJob(chosen.job);
      this.events.emit('job', chosen.job);
    } else {
      this.#options.templates.clearJob();
    }
    for (const rig of this.#rigs.values()) this.#assign(rig, chosen !== null && chosen === changed ? chosen.job : null);
  }

  #lookAgain(): void {
    this.#look?.cancel();
    const at = this.#choice.lookAgainAt;
    this.#look = at === null ? null : this.#options.clock.after(Math.max(1, Math.ceil(at - this.#options.clock.monotonic())), () => this.#choose(null));
  }

  /** @param newJob the job, when it has just come in */
  #assign(rig: Rig, newJob: Job | null = null): void {
    if (!this.#running) return;
    const work = this.#options.templates.nextWork(rig.device.id, this.#rateOf(rig));
    rig.workId = work?.id ?? null;
    if (work && newJob && rig.ready) rig.fresh = { workId: work.id, readAt: newJob.receivedMono };
    if (!work && this.#options.templates.job) {
      this.#log.warn({ device: rig.device.id, job: this.#options.templates.job.poolJobId }, 'search space of the job is used up: waiting for another');
    }
    rig.device.assign(work);
  }

  #rateOf(rig: Rig): number | null {
    const at = this.#options.clock.monotonic();
    if (rig.rate === null || at - rig.rate.at >= RATE_AGE_MS) rig.rate = { at, hs: rig.device.state().hashrate_hs };
    return rig.rate.hs;
  }

  #onSent(rig: Rig, workId: number): void {
    if (rig.fresh === null || workId < rig.fresh.workId) return;
    const ms = this.#options.clock.monotonic() - rig.fresh.readAt;
    rig.fresh = null;
    this.delays.jobSent.add(ms);
    this.events.emit('jobSent', rig.device.id, ms);
  }

  #onHardwareError(rig: Rig, reason: string): void {
    this.#count(rig, (account) => account.noteHardwareError());
    this.events.emit('hardwareError', rig.device.id, reason);
  }

  #onDuplicate(rig: Rig): void {
    this.#count(rig, (account) => account.noteDuplicate());
    this.events.emit('duplicate', rig.device.id);
  }

  #onNonce(rig: Rig, nonce: Nonce): void {
    const verdict = this.#options.templates.judge(rig.device.id, nonce);
    switch (verdict.kind) {
      case 'hardware_error':
        return this.#onHardwareError(rig, verdict.reason);
      case 'expired':
        this.#count(rig, (account) => account.noteExpired());
        this.#log.debug({ device: rig.device.id, work: nonce.workId }, 'nonce for a work that is no longer kept');
        return;
      case 'duplicate':
        return this.#onDuplicate(rig);
      case 'local_hit':
        this.#count(rig, (account) => account.noteDifficulty(verdict.checked.difficulty));
        this.events.emit('localHit', rig.device.id, verdict.checked);
        return;
      case 'share':
        this.#submit(rig, verdict.share, this.#options.withhold(verdict.share));
        return this.#noteShareSent(rig, nonce);
      case 'stale':
        // A block is worth sending even when it looks late: the pool or node decides, not we.
        this.#submit(rig, verdict.share, verdict.share.isBlock ? this.#options.withhold(verdict.share) : 'stale: its job was replaced before the share was found');
    }
  }

  /** A source writes within `submit`, so what comes after it comes after the write. */
  #noteShareSent(rig: Rig, { receivedMono }: Nonce): void {
    if (receivedMono === undefined) return;
    const ms = this.#options.clock.monotonic() - receivedMono;
    this.delays.shareSent.add(ms);
    this.events.emit('shareSent', rig.device.id, ms);
  }

  /** Whatever is counted is counted for the rig and for the device. */
  #count(rig: Rig, note: (account: ShareAccount) => void): void {
    note(this.account);
    note(rig.account);
  }

  #submit(rig: Rig, share: Share, withheld: string | null): void {
    void this.#desk.hand(share, [this.account, rig.account], withheld).then((verdict) => rig.device.noteShare?.(outcomeOf(verdict)));
  }
}

function newRig(device: Device): Rig {
  return { device, account: new ShareAccount(), workId: null, ready: false, fresh: null, rate: null };
}

/** What a device may conclude something about itself from: a share that came late says nothing of its chips. */
function outcomeOf(verdict: Verdict): ShareOutcome {
  if (verdict.status === 'accepted') return 'accepted';
  return verdict.status === 'rejected' || verdict.status === 'low_difficulty' || verdict.status === 'duplicate' ? 'rejected' : 'other';
}
