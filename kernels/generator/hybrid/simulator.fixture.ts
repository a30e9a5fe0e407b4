/** Runs the instructions of a hybrid function on numbers: sixteen lanes, a memory of bytes, the registers it may use. */
import { LANES } from './machine.ts';

export class Simulator {
  readonly memory = new DataView(new ArrayBuffer(1 << 16));
  readonly pointers = new Map<string, number>();
  readonly #zmm = new Map<string, Uint32Array>();
  readonly #xmm = new Map<string, Uint32Array>();
  /** Bits of mask register k1. */
  mask = 0;

  /** Runs lines of text; what is not an instruction of either half is an error. */
  run(lines: readonly string[]): void {
    for (const line of lines) {
      const [, mnemonic = '', rest = ''] = /^(\S+) (.*)$/.exec(line) ?? [];
      const operands = rest.split(/, (?![^(]*\))/);
      if (mnemonic.startsWith('v')) this.#vector(mnemonic, operands, line);
      else this.#sha(mnemonic, operands, line);
    }
  }

  words(at: number, count: number): number[] {
    return Array.from({ length: count }, (_, i) => this.memory.getUint32(at + 4 * i, true));
  }

  write(at: number, words: ArrayLike<number>): void {
    for (let i = 0; i < words.length; i++) this.memory.setUint32(at + 4 * i, (words[i] as number) >>> 0, true);
  }

  #address(operand: string): number {
    const [, offset, register] = /^(-?\d+)?\((%\w+)\)/.exec(operand) ?? [];
    const base = this.pointers.get(register ?? '');
    if (base === undefined) throw new Error(`no such address: ${operand}`);
    return base + Number(offset ?? 0);
  }

  #read(operand: string, lanes: number, file: Map<string, Uint32Array>): Uint32Array {
    if (operand.startsWith('%')) {
      const value = file.get(operand);
      if (!value) throw new Error(`${operand} is read before it is written`);
      return value;
    }
    const at = this.#address(operand);
    if (operand.includes('{')) return new Uint32Array(lanes).fill(this.memory.getUint32(at, true));
    if (at % (4 * lanes) !== 0) throw new Error(`${operand} is not aligned`);
    return Uint32Array.from(this.words(at, lanes));
  }

  #vector(mnemonic: string, operands: readonly string[], line: string): void {
    const count = operands[0]?.startsWith('$') ? Number(operands[0].slice(1)) : 0;
    const [last = '', first = '', second = ''] = operands[0]?.startsWith('$') ? operands.slice(1).concat('') : operands;
    const target = operands.at(-1) as string;
    const read = (operand: string): Uint32Array => this.#read(operand, LANES, this.#zmm);
    const set = (f: (lane: number) => number): void => void this.#zmm.set(target, Uint32Array.from({ length: LANES }, (_, lane) => f(lane)));
    switch (mnemonic) {
      case 'vmovdqa32': {
        const value = read(last).slice();
        if (target.startsWith('%')) this.#zmm.set(target, value);
        else if (this.#address(target) % 64 !== 0) throw new Error(`${line}: not aligned`);
        else this.write(this.#address(target), value);
        return;
      }
      case 'vpbroadcastd': {
        const word = this.memory.getUint32(this.#address(last), true);
        return set(() => word);
      }
      case 'vpaddd': {
        const [x, y] = [read(last), read(first)];
        return set((lane) => (x[lane] as number) + (y[lane] as number));
      }
      case 'vprord': {
        const x = read(last);
        return set((lane) => ((x[lane] as number) >>> count) | ((x[lane] as number) << (32 - count)));
      }
      case 'vpsrld': {
        const x = read(last);
        return set((lane) => (x[lane] as number) >>> count);
      }
      case 'vpternlogd': {
        const [z, y, x] = [read(last), read(first), read(second)];
        return set((lane) => {
          let word = 0;
          for (let bit = 0; bit < 32; bit++) {
            const index = ((((x[lane] as number) >>> bit) & 1) << 2) | ((((y[lane] as number) >>> bit) & 1) << 1) | (((z[lane] as number) >>> bit) & 1);
            word |= ((count >> index) & 1) << bit;
          }
          return word;
        });
      }
      case 'vpunpckldq':
      case 'vpunpckhdq':
      case 'vpunpcklqdq':
      case 'vpunpckhqdq': {
        const [y, x] = [read(last), read(first)];
        const upper = mnemonic.includes('ckh') ? 2 : 0;
        const byPairs = mnemonic.endsWith('qdq');
        return set((lane) => {
          const k = lane % 4;
          const from = byPairs ? (k < 2 ? x : y) : k % 2 === 0 ? x : y;
          return from[lane - k + upper + (byPairs ? k % 2 : k >> 1)] as number;
        });
      }
      case 'vptestnmd': {
        const [y, x] = [read(last), read(first)];
        this.mask = 0;
        for (let lane = 0; lane < LANES; lane++) if (((x[lane] as number) & (y[lane] as number)) === 0) this.mask |= 1 << lane;
        return;
      }
      default:
        throw new Error(`not an instruction of the vector half: ${line}`);
    }
  }

  #sha(mnemonic: string, [source = '', target = '']: readonly string[], line: string): void {
    const read = (operand: string): Uint32Array => this.#read(operand, 4, this.#xmm);
    switch (mnemonic) {
      case 'movdqa':
        if (target.startsWith('%')) this.#xmm.set(target, read(source).slice());
        else this.write(this.#address(target), read(source));
        return;
      case 'movq':
        this.#xmm.set(target, Uint32Array.from([...this.words(this.#address(source), 2), 0, 0]));
        return;
      case 'paddd': {
        const [x, y] = [read(source), read(target)];
        this.#xmm.set(target, y.map((word, i) => word + (x[i] as number)));
        return;
      }
      case 'sha256rnds2':
        this.#xmm.set(target, twoRounds(read(source), read(target), read('%xmm0')));
        return;
      default:
        throw new Error(`not an instruction of the SHA half: ${line}`);
    }
  }
}

/** SHA256RNDS2 of Intel's manual: F E B A and H G D C, lowest word first, and two words W + K; gives the new F E B A. */
function twoRounds(feba: Uint32Array, hgdc: Uint32Array, keys: Uint32Array): Uint32Array {
  let [f = 0, e = 0, b = 0, a = 0] = feba;
  let [h = 0, g = 0, d = 0, c = 0] = hgdc;
  const rotr = (x: number, n: number): number => (x >>> n) | (x << (32 - n));
  for (let i = 0; i < 2; i++) {
    const t1 = (h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + ((e & f) ^ (~e & g)) + (keys[i] as number)) | 0;
    const t2 = ((rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
  }
  return Uint32Array.from([f, e, b, a]);
}
