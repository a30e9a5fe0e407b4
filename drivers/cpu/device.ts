import { EventEmitter } from 'node:events';
import path from 'node:path';
import { prepareKernels } from '../../kernels/choice.ts';
import { createHasher } from '../../kernels/hasher.ts';
import type { Hasher } from '../../kernels/types.ts';
import type { Timer } from '../../protocol/common/clock.ts';
import { messageOf, RigError } from '../../protocol/common/errors.ts';
import type { Capability, Device, DeviceCommand, DeviceEvents, DeviceState, DeviceStatus, DriverContext, Work } from '../contract.ts';
import { availableCpus, threadCount } from './available-cpus.ts';
import { Guards, type GuardSensors, systemSensors } from './guards.ts';
import { CPU_CAPABILITIES, CPU_ID, CPU_TITLE, type CpuOptions } from './options.ts';
import { RateMeter } from './rate-meter.ts';

const TICK_MS = 1000;
/** Least time between two warnings about dropped hits. */
const DROPPED_REPORT_MS = 60_000;

export interface CpuDeviceParts {
  readonly createHasher: typeof createHasher;
  readonly prepareKernels: typeof prepareKernels;
  readonly sensors: GuardSensors;
  readonly availableCpus: () => number;
}

const realParts: CpuDeviceParts = { createHasher, prepareKernels, sensors: systemSensors, availableCpus };

/** The hasher as a Device: work in, checked nonces out, and the manners of a guest on somebody's computer. */
export class CpuDevice implements Device {
  readonly id: string;
  readonly title = CPU_TITLE;
  readonly driver = CPU_ID;
  readonly capabilities: ReadonlySet<Capability> = new Set(CPU_CAPABILITIES);
  readonly events = new EventEmitter<DeviceEvents>();
  readonly #context: DriverContext<CpuOptions>;
  readonly #parts: CpuDeviceParts;
  readonly #guards: Guards;
  readonly #meter = new RateMeter();
  #hasher: Hasher | null = null;
  #timer: Timer | null = null;
  #work: Work | null = null;
  #threads: number;
  #limitPercent: number;
  #paused: string | null = null;
  #fault: string | null = null;
  #running = false;
  #stopped = false;
  #hashesBefore = 0;
  #droppedBefore = 0;
  #droppedTold = 0;
  #droppedToldAt = -Infinity;
  #hardwareErrorsBefore = 0;
  #affinityChecked = false;
  /** Rebuilding the hasher takes a moment: one at a time. */
  #rebuilding: Promise<void> = Promise.resolve();
  #told = '';

  constructor(context: DriverContext<CpuOptions>, parts: CpuDeviceParts = realParts) {
    this.id = context.id;
    this.#context = context;
    this.#parts = parts;
    this.#guards = new Guards(context.options, parts.sensors, context.log);
    this.#threads = 0;
    this.#limitPercent = context.options.limit_percent;
  }

  async start(signal: AbortSignal): Promise<void> {
    if (this.#running) return;
    this.#threads ||= threadCount(this.#context.options.threads, this.#parts.availableCpus());
    await this.#guards.poll(this.#context.clock.monotonic());
    // Here and not in createHasher: the event loop goes on meanwhile.
    await this.#parts.prepareKernels(this.#kernelOptions());
    signal.throwIfAborted();
    this.#open();
    this.#running = true;
    this.#stopped = false;
    this.#meter.sample(this.#context.clock.monotonic(), this.#hashes());
    this.#timer = this.#context.clock.every(TICK_MS, () => void this.#tick());
    this.#apply();
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = null;
    await this.#rebuilding;
    await this.#close();
    this.#tellChange();
  }

  assign(work: Work | null): void {
    this.#work = work;
    if (work) this.#hasher?.setJob(work);
    else this.#hasher?.clearJob();
    this.#tellChange();
  }

  state(): DeviceState {
    const [status, reason] = this.#status();
    const stats = this.#hasher?.stats();
    const info = this.#hasher?.info;
    return {
      status,
      reason,
      hashrate_hs: this.#rate(status),
      hashes_total: this.#hashes(),
      temp_c: this.#guards.temp_c,
      power_w: this.#guards.power_w,
      detail: {
        kernel: info?.kernel ?? null,
        kernel_rolled: info?.rolled.kernel ?? null,
        kernel_running: status === 'hashing' ? (stats?.kernel ?? null) : null,
        kernels_failed: info?.failed ?? [],
        lanes: info?.lanes ?? null,
        source: info?.source ?? null,
        isa: info?.isa ?? null,
        threads: this.#threads,
        limit_percent: this.#limitPercent,
        nice: this.#context.options.nice,
        hits_dropped: this.#dropped(),
        hardware_errors: this.#hardwareErrorsBefore + Number(stats?.hardwareErrors ?? 0n),
      },
    };
  }

  /** A device that does not hash does so at 0 from the first moment, not at the mean of what it did before. */
  #rate(status: DeviceStatus): number | null {
    if (!this.#running) return null;
    if (status === 'hashing') return this.#meter.rate();
    return status === 'paused' || status === 'idle' ? 0 : null;
  }

  async command(command: DeviceCommand): Promise<void> {
    switch (command.type) {
      case 'pause':
        this.#paused = command.reason;
        return this.#apply();
      case 'resume':
        this.#paused = null;
        return this.#apply();
      case 'restart':
        return this.#rebuild();
      case 'set':
        return this.#set(command.values);
      default:
        throw new RigError('E_DEVICE_COMMAND', `${this.id} cannot ${command.type}`, { context: { device: this.id } });
    }
  }

  /** All values are checked before the first is used. */
  async #set(values: Readonly<Record<string, number>>): Promise<void> {
    const limits: Record<string, number> = { threads: 1024, limit_percent: 100 };
    for (const [name, value] of Object.entries(values)) {
      const most = Object.hasOwn(limits, name) ? (limits[name] as number) : null;
      if (most === null) throw new RigError('E_DEVICE_COMMAND', `${this.id} has no setting "${name}"`, { hint: `Use ${Object.keys(limits).join(' or ')}.` });
      if (!Number.isInteger(value) || value < 1 || value > most) throw new RigError('E_DEVICE_COMMAND', `${name} must be an integer from 1 to ${most}, not ${value}`);
    }
    if (values.limit_percent !== undefined) {
      this.#limitPercent = values.limit_percent;
      this.#hasher?.setLimitPercent(values.limit_percent);
    }
    if (values.threads !== undefined && values.threads !== this.#threads) {
      this.#threads = values.threads;
      await this.#rebuild();
    }
    this.#tellChange();
  }

  #kernelOptions(): { kernel: string; cacheFile?: string } {
    const { cacheDir, options } = this.#context;
    return { kernel: options.kernel, ...(cacheDir === undefined ? {} : { cacheFile: path.join(cacheDir, 'kernels.json') }) };
  }

  #open(): void {
    const { affinity, nice } = this.#context.options;
    const hasher = this.#parts.createHasher({ ...this.#kernelOptions(), affinity, nice, threads: this.#threads, limitPercent: this.#limitPercent, log: this.#context.log });
    hasher.events.on('hit', ({ jobId, nonce, version }) => this.events.emit('nonce', { workId: jobId, nonce, version }));
    hasher.events.on('exhausted', (jobId) => this.#onExhausted(jobId));
    hasher.events.on('fault', (error) => {
      this.#fault = error.message;
      this.#context.log.error({ code: error.code }, error.message);
      this.#tellChange();
    });
    this.#hasher = hasher;
    this.#affinityChecked = false;
    this.#fault = null;
  }

  async #close(): Promise<void> {
    const hasher = this.#hasher;
    if (!hasher) return;
    await hasher.stop();
    if (this.#hasher !== hasher) return;
    // Only now, and all at once: the totals never go backwards.
    const last = hasher.stats();
    this.#hashesBefore += Number(last.hashes);
    this.#droppedBefore += Number(last.dropped);
    this.#hardwareErrorsBefore += Number(last.hardwareErrors);
    this.#hasher = null;
    this.#tellDropped(Infinity);
    hasher.events.removeAllListeners();
  }

  /** New threads start on fresh work: what the old ones had searched of theirs is not searched twice. */
  #rebuild(): Promise<void> {
    const done = this.#rebuilding.then(async () => {
      if (!this.#running) return;
      await this.#close();
      if (!this.#running) return;
      try {
        this.#open();
      } catch (error) {
        // The system may refuse so many threads: nothing hashes until a command asks for what it grants.
        this.#fault = messageOf(error);
        this.#tellChange();
        throw error;
      }
      this.#apply();
      if (this.#work) this.#onExhausted(this.#work.id);
    });
    // Who asked is told of a failure; what comes after it, stop() too, goes on.
    this.#rebuilding = done.catch(() => {});
    return done;
  }

  #onExhausted(workId: number): void {
    if (this.#work?.id === workId) this.#work = null;
    this.events.emit('exhausted', workId);
    this.#tellChange();
  }

  async #tick(): Promise<void> {
    const now = this.#context.clock.monotonic();
    this.#meter.sample(now, this.#hashes());
    this.#tellDropped(now);
    this.#tellUnbound();
    if (this.#status()[0] !== 'hashing') this.#meter.reset();
    await this.#guards.poll(now);
    if (this.#running) this.#apply();
  }

  #apply(): void {
    if (this.#paused !== null || this.#guards.reason !== null) this.#hasher?.pause();
    else this.#hasher?.resume();
    this.#tellChange();
  }

  #hashes(): number {
    return this.#hashesBefore + Number(this.#hasher?.stats().hashes ?? 0n);
  }

  /** Hits that were found and lost since start, because more came than could be checked. */
  #dropped(): number {
    return this.#droppedBefore + Number(this.#hasher?.stats().dropped ?? 0n);
  }

  #tellDropped(now: number): void {
    const dropped = this.#dropped();
    if (dropped === this.#droppedTold || now - this.#droppedToldAt < DROPPED_REPORT_MS) return;
    this.#context.log.warn({ hits_dropped: dropped - this.#droppedTold }, 'hits were lost: more come than can be checked, the difficulty of the pool is far too low for this machine');
    this.#droppedTold = dropped;
    this.#droppedToldAt = now;
  }

  /** Threads bind themselves when they start; a CPU number that does not exist shows only then. */
  #tellUnbound(): void {
    const { affinity } = this.#context.options;
    if (this.#affinityChecked || affinity.length === 0 || this.#hasher?.info.source !== 'native') return;
    this.#affinityChecked = true;
    const unbound = this.#hasher.stats().perThread.filter((thread) => !thread.affinitySet).length;
    if (unbound > 0) this.#context.log.warn({ affinity, threads_not_bound: unbound }, 'the system refused the affinity: is there a processor with that number?');
  }

  #status(): [DeviceStatus, string | null] {
    if (!this.#running) return [this.#stopped ? 'stopped' : 'init', null];
    if (this.#fault !== null) return ['fault', this.#fault];
    if (this.#paused !== null) return ['paused', this.#paused];
    if (this.#guards.reason !== null) return ['paused', this.#guards.reason];
    return this.#work ? ['hashing', null] : ['idle', 'no work'];
  }

  #tellChange(): void {
    const now = this.#status().join(': ');
    if (now === this.#told) return;
    this.#told = now;
    this.events.emit('change');
  }
}
