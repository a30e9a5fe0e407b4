/** One chip: its address, its registers and what they switch on. It hashes nothing itself, see search.ts. */
import { CRYSTAL_MHZ, lineBaud, pllMhz, type ChipModel } from './models.ts';

const REG = { chipId: 0x00, hashRate: 0x04, pll: 0x08, offset: 0x0c, counting: 0x10, ticket: 0x14, misc: 0x18, mailbox: 0x3c, coreValue: 0x40, versions: 0xa4, softReset: 0xa8, domainHashes: 0x88, totalHashes: 0x8c } as const;
const CORE_ENABLE = 2;
/** The low 25 bits of a nonce count; the seven above them are the core. */
const CORE_SHIFT = 25;
const RANGE = 2 ** CORE_SHIFT;

export class VirtualChip {
  readonly model: ChipModel;
  /** Position in the chain, 0 next to the host. */
  readonly position: number;
  /** 0 after a reset, as in every chip. */
  address = 0;
  /** Whether it has been given an address since the chain was made inactive. */
  addressed = false;
  /** Hashes done since the reset, in units of the silicon (see ChainOptions.zeroBits). */
  hashes = 0;
  readonly #registers = new Map<number, number>();
  readonly #core = new Map<number, number>();
  #enabledCores = new Set<number>();

  constructor(model: ChipModel, position: number) {
    this.model = model;
    this.position = position;
  }

  /** What the NRST line does. */
  reset(): void {
    this.address = 0;
    this.addressed = false;
    this.hashes = 0;
    this.#registers.clear();
    this.#core.clear();
    this.#enabledCores.clear();
  }

  write(register: number, value: number): void {
    this.#registers.set(register, value >>> 0);
    if (register === REG.mailbox) this.#mail(value);
    // A soft reset of the cores; the documented order enables them again afterwards.
    if (register === REG.softReset) this.#enabledCores.clear();
  }

  read(register: number): number {
    const { model } = this;
    const hashUnits = Math.floor(this.hashes / 2 ** 32);
    if (register === REG.chipId) return ((model.id << 16) | (model.coreByte << 8) | this.address) >>> 0;
    if (register === REG.hashRate && model.name === 'bm1397') return Math.floor(this.nominalHashRate() / 2 ** 20);
    if (register >= REG.domainHashes && register < REG.domainHashes + 4) return Math.floor(hashUnits / 4) >>> 0;
    if (register === REG.totalHashes) return hashUnits >>> 0;
    return this.#registers.get(register) ?? model.powerOn[register] ?? 0;
  }

  /** Baud, as its own divider makes it. */
  get baud(): number {
    return lineBaud(this.model, this.read(this.model.speed.register));
  }

  get frequencyMhz(): number {
    return pllMhz(this.model, this.read(REG.pll));
  }

  /** H/s the silicon would do at its present clock. */
  nominalHashRate(): number {
    return this.model.smallCores * this.frequencyMhz * 1e6;
  }

  /** Whether version rolling is on: bit 28 of register A4. The mask is that of the 16 version bits from 13 up; 0 = none. */
  get versionMask(): number {
    const word = this.read(REG.versions);
    return (word & 0x1000_0000) !== 0 ? word & 0xffff : 0;
  }

  /** Whether its replies have 11 bytes. */
  get longReplies(): boolean {
    return this.model.longReplies && (this.read(REG.versions) & 0x1000_0000) !== 0;
  }

  get ticketMask(): number {
    return this.read(REG.ticket);
  }

  /** Whether any core hashes. Old chips need their core clocks, new ones their cores enabled. */
  get hashing(): boolean {
    const { clockRegister } = this.model;
    return this.frequencyMhz > 0 && (clockRegister === null ? this.#enabledCores.size > 0 : this.read(clockRegister) !== 0);
  }

  /** Whether what this core finds reaches the line. */
  reports(core: number): boolean {
    const { model } = this;
    if (model.clockRegister === null && !this.#enabledCores.has(core)) return false;
    if (model.reporting === 'none') return true;
    const quarters = this.read(REG.misc) >>> 28;
    return model.reporting === 'any' ? quarters !== 0 : ((quarters >>> Math.floor((4 * core) / model.cores)) & 1) === 1;
  }

  /** First value of a core's nonce counter: by register 0C where the chip has one and it is on, else by the address. */
  get rangeStart(): number {
    const offset = this.read(REG.offset);
    if (this.model.offsetRegister && offset >>> 31 === 1) return ((offset & 0xffff) * 512) % RANGE;
    return (this.address << 17) % RANGE;
  }

  /** Nonces a core tries of each version: twice the hash counting number at the core's clock [the captured chain: bit 17 and up]; everything when never set. */
  get rangeLength(): number {
    const counting = this.read(REG.counting);
    return counting === 0 ? RANGE : Math.max(1, Math.min(RANGE, Math.floor((2 * counting * this.frequencyMhz) / CRYSTAL_MHZ)));
  }

  /** Core registers, behind register 3C: bit 31 all cores, 23 to 16 the core, 15 write, 12 to 8 the register, 7 to 0 the value. */
  #mail(word: number): void {
    const register = (word >>> 8) & 0x1f;
    if ((word & 0x8000) === 0) {
      this.#registers.set(REG.coreValue, this.#core.get(register) ?? 0);
      return;
    }
    this.#core.set(register, word & 0xff);
    if (register !== CORE_ENABLE) return;
    const on = (word & 0xff) === 0xaa;
    const cores = word >>> 31 === 1 ? Array.from({ length: this.model.cores }, (_, core) => core) : [(word >>> 16) & 0xff];
    for (const core of cores) {
      if (on) this.#enabledCores.add(core);
      else this.#enabledCores.delete(core);
    }
  }
}
