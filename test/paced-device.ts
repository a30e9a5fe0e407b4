/** A device that really hashes, slowly enough for a test to watch: plain SHA-256 of Node, a few nonces at a time. */
import { EventEmitter } from 'node:events';
import type { Capability, Device, DeviceEvents, DeviceState, Work } from '../drivers/contract.ts';
import { hashHeader } from '../protocol/bitcoin/header.ts';
import { meetsTarget, targetFromBytes } from '../protocol/bitcoin/target.ts';

const TICK_MS = 4;

export class PacedDevice implements Device {
  readonly title = 'paced device';
  readonly driver = 'paced';
  readonly capabilities: ReadonlySet<Capability> = new Set<Capability>();
  readonly events = new EventEmitter<DeviceEvents>();
  readonly id: string;
  readonly #noncesPerTick: number;
  #timer: NodeJS.Timeout | null = null;
  #work: Work | null = null;
  #next = 0;
  #hashes = 0;

  constructor(id: string, noncesPerTick = 64) {
    this.id = id;
    this.#noncesPerTick = noncesPerTick;
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => this.#search(), TICK_MS);
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  assign(work: Work | null): void {
    this.#work = work;
    this.#next = work?.nonceFrom ?? 0;
  }

  async command(): Promise<void> {}

  state(): DeviceState {
    const status = this.#timer === null ? 'stopped' : this.#work === null ? 'idle' : 'hashing';
    return { status, reason: null, hashrate_hs: null, hashes_total: this.#hashes, temp_c: null, power_w: null, detail: {} };
  }

  #search(): void {
    for (let i = 0; i < this.#noncesPerTick; i++) {
      // Every hit may bring new work.
      const work = this.#work;
      if (!work) return;
      if (this.#next > work.nonceTo) {
        this.#work = null;
        this.events.emit('exhausted', work.id);
        continue;
      }
      const nonce = this.#next++;
      const header = Buffer.from(work.header);
      header.writeUInt32LE(nonce, 76);
      this.#hashes += 1;
      if (meetsTarget(hashHeader(header), targetFromBytes(work.target))) this.events.emit('nonce', { workId: work.id, nonce, version: header.readUInt32LE(0) });
    }
  }
}
