import { BYTES, LANES, type Op, type Source } from './machine.ts';

/** zmm16 to zmm31: see sha-stream.ts. */
const FIRST_REGISTER = 16;
const REGISTERS = 16;

export interface Allocated {
  /** Instructions in AT&T syntax. */
  readonly lines: readonly string[];
  /** Bytes of memory at `%rsp` for values that found no register. */
  readonly spillBytes: number;
}

interface Place {
  register: number | null;
  slot: number | null;
}

/**
 * Gives the operations, in their order, the registers zmm16 to zmm31. When none is free, the value whose next use is
 * farthest goes to memory (Belady's rule), once; later uses read it from there as a memory operand.
 */
export function allocate(ops: readonly Op[]): Allocated {
  return new Allocator(ops).run();
}

const TABLES: Readonly<Record<string, (x: number, y: number, z: number) => number>> = {
  xor3: (x, y, z) => x ^ y ^ z,
  ch: (x, y, z) => (x & y) ^ (~x & z & 1),
  maj: (x, y, z) => (x & y) ^ (x & z) ^ (y & z),
};

/** The immediate of vpternlogd when its operands are arguments `order` of the function. */
function truthTable(kind: string, order: readonly number[]): number {
  const f = TABLES[kind] as (x: number, y: number, z: number) => number;
  let table = 0;
  for (let i = 0; i < 8; i++) {
    const bits = [0, 0, 0];
    order.forEach((argument, operand) => (bits[argument] = (i >> (2 - operand)) & 1));
    table |= (f(bits[0] as number, bits[1] as number, bits[2] as number) & 1) << i;
  }
  return table;
}

const MNEMONIC: Readonly<Record<string, string>> = {
  add: 'vpaddd', rotr: 'vprord', shr: 'vpsrld',
  unpack32low: 'vpunpckldq', unpack32high: 'vpunpckhdq', unpack64low: 'vpunpcklqdq', unpack64high: 'vpunpckhqdq',
};

/** The instruction that brings an operand into a register. */
function loadOf(source: Source): string {
  return 'memory' in source && source.spread ? 'vpbroadcastd' : 'vmovdqa32';
}

class Allocator {
  readonly #ops: readonly Op[];
  readonly #uses: number[][];
  readonly #places: Place[];
  readonly #holder: (number | null)[] = Array.from({ length: REGISTERS }, () => null);
  readonly #freeSlots: number[] = [];
  /** Slots the operation at hand still reads: free for the next. */
  readonly #freeSoon: number[] = [];
  /** Registers that hold a memory operand for the operation at hand. */
  readonly #busy = new Set<number>();
  #slots = 0;
  #lines: string[] = [];
  #at = 0;

  constructor(ops: readonly Op[]) {
    this.#ops = ops;
    this.#uses = ops.map(() => []);
    this.#places = ops.map(() => ({ register: null, slot: null }));
    ops.forEach((op, at) => op.args.forEach((arg) => 'value' in arg && this.#uses[arg.value]?.push(at)));
  }

  run(): Allocated {
    for (this.#at = 0; this.#at < this.#ops.length; this.#at++) this.#op(this.#ops[this.#at] as Op);
    return { lines: this.#lines, spillBytes: this.#slots * BYTES };
  }

  #op(op: Op): void {
    const { args } = op;
    this.#busy.clear();
    this.#freeSlots.push(...this.#freeSoon.splice(0));
    switch (op.kind) {
      case 'load': {
        const [source] = args as [Source];
        this.#line(loadOf(source), this.#operand(source, false), this.#result([]));
        return;
      }
      case 'store': {
        const register = this.#register(args[0] as Source, []);
        this.#line('vmovdqa32', this.#name(register), op.to as string);
        this.#release(args);
        return;
      }
      case 'test': {
        const register = this.#register(args[0] as Source, []);
        this.#line('vptestnmd', this.#operand(args[1] as Source, true), this.#name(register), `%k${op.n}`);
        this.#release(args);
        return;
      }
      case 'rotr':
      case 'shr': {
        const source = this.#operand(args[0] as Source, true);
        this.#line(MNEMONIC[op.kind] as string, `$${op.n}`, source, this.#result(args));
        return;
      }
      case 'xor3':
      case 'ch':
      case 'maj':
        this.#ternary(op);
        return;
      default: {
        // Addition does not care for the order: memory goes last.
        const [x, y] = args as [Source, Source];
        const swap = op.kind === 'add' && !this.#inRegister(x) && this.#inRegister(y);
        const [first, second] = swap ? [y, x] : [x, y];
        const register = this.#register(first, [second]);
        const memory = this.#operand(second, true);
        this.#line(MNEMONIC[op.kind] as string, memory, this.#name(register), this.#result(args, register));
      }
    }
  }

  /** Three-input logic overwrites one operand: best one nobody reads again, else one that must be loaded anyway, else a copy. */
  #ternary({ kind, args }: Op): void {
    const dies = (source: Source): boolean => 'value' in source && this.#inRegister(source) && this.#lastUse(source.value) === this.#at;
    let target = args.findIndex(dies);
    if (target < 0) target = args.findIndex((arg) => !this.#inRegister(arg));
    if (target < 0) target = 0;
    const rest = [0, 1, 2].filter((i) => i !== target);
    // Only the last operand may be memory.
    if (!this.#inRegister(args[rest[0] as number] as Source)) rest.reverse();
    const own = args[target] as Source;
    const [second, third] = rest.map((i) => args[i]) as [Source, Source];
    const secondRegister = this.#register(second, args);
    const table = truthTable(kind, [target, ...rest]);
    if (dies(own)) {
      const value = (own as { value: number }).value;
      const register = this.#places[value]?.register as number;
      const thirdText = this.#operand(third, true);
      this.#line('vpternlogd', `$0x${table.toString(16)}`, thirdText, this.#name(secondRegister), this.#name(register));
      this.#release(args);
      this.#bind(this.#at, register);
      return;
    }
    const thirdText = this.#operand(third, true);
    const ownText = this.#operand(own, false);
    const register = this.#free([...args]);
    const destination = this.#name(register);
    this.#line(loadOf(own), ownText, destination);
    this.#line('vpternlogd', `$0x${table.toString(16)}`, thirdText, this.#name(secondRegister), destination);
    this.#release(args);
    this.#bind(this.#at, register);
  }

  /** Register of the result: one of an argument that nobody reads again, or a free one. */
  #result(args: readonly Source[], loaded?: number): string {
    this.#release(args);
    if (loaded !== undefined && this.#holder[loaded] === null) {
      this.#bind(this.#at, loaded);
      return this.#name(loaded);
    }
    const register = this.#free([]);
    this.#bind(this.#at, register);
    return this.#name(register);
  }

  #line(mnemonic: string, ...operands: string[]): void {
    this.#lines.push(`${mnemonic} ${operands.join(', ')}`);
  }

  #name(register: number): string {
    return `%zmm${FIRST_REGISTER + register}`;
  }

  #inRegister(source: Source): boolean {
    return 'value' in source && this.#places[source.value]?.register !== null;
  }

  #lastUse(value: number): number {
    return this.#uses[value]?.at(-1) ?? -1;
  }

  /** The text of an operand where memory is allowed. */
  #operand(source: Source, asOperand: boolean): string {
    if ('memory' in source) return source.spread && asOperand ? `${source.memory}{1to${LANES}}` : source.memory;
    const place = this.#places[source.value] as Place;
    if (place.register !== null) return this.#name(place.register);
    if (place.slot === null) throw new Error(`value ${source.value} is nowhere at operation ${this.#at}`);
    return this.#slotText(place.slot);
  }

  #slotText(slot: number): string {
    return `${slot * BYTES}(%rsp)`;
  }

  /** The register of an operand, loading it when it is in memory. */
  #register(source: Source, keep: readonly Source[]): number {
    if (this.#inRegister(source)) return this.#places[(source as { value: number }).value]?.register as number;
    const register = this.#free([...keep, source]);
    const text = this.#operand(source, false);
    this.#line(loadOf(source), text, this.#name(register));
    if ('value' in source) this.#bind(source.value, register);
    else this.#busy.add(register);
    return register;
  }

  #bind(value: number, register: number): void {
    this.#holder[register] = value;
    (this.#places[value] as Place).register = register;
  }

  /** A free register; takes one from the value used farthest ahead when there is none. */
  #free(keep: readonly Source[]): number {
    const empty = this.#holder.findIndex((value, register) => value === null && !this.#busy.has(register));
    if (empty >= 0) return empty;
    const kept = new Set(keep.flatMap((source) => ('value' in source ? [source.value] : [])));
    let victim = -1;
    let farthest = -1;
    this.#holder.forEach((value, register) => {
      if (value === null || kept.has(value) || this.#busy.has(register)) return;
      const next = (this.#uses[value] as number[]).find((use) => use >= this.#at) ?? Infinity;
      if (next > farthest) [farthest, victim] = [next, register];
    });
    if (victim < 0) throw new Error('no register left');
    const value = this.#holder[victim] as number;
    const place = this.#places[value] as Place;
    if (place.slot === null) {
      place.slot = this.#freeSlots.pop() ?? this.#slots++;
      this.#line('vmovdqa32', this.#name(victim), this.#slotText(place.slot));
    }
    place.register = null;
    this.#holder[victim] = null;
    return victim;
  }

  /** Frees what the arguments held, when this was their last use. */
  #release(args: readonly Source[]): void {
    for (const arg of args) {
      if (!('value' in arg) || this.#lastUse(arg.value) > this.#at) continue;
      const place = this.#places[arg.value] as Place;
      if (place.register !== null) this.#holder[place.register] = null;
      if (place.slot !== null) this.#freeSoon.push(place.slot);
      place.register = null;
      place.slot = null;
    }
  }
}
