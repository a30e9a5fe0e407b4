/** Constants of the code, each one word in memory, reached from a register that points into their middle: short addresses. */
export class Constants {
  readonly #words: number[] = [];
  readonly #register: string;
  readonly #label: string;

  constructor(register: string, label: string) {
    this.#register = register;
    this.#label = label;
  }

  /** Bytes from the first word to where the register points: addresses of one byte reach 128 words either way. */
  static readonly BIAS = 512;

  /** Address of a constant. */
  readonly at = (word: number): string => {
    let index = this.#words.indexOf(word);
    if (index < 0) index = this.#words.push(word) - 1;
    return `${4 * index - Constants.BIAS}(${this.#register})`;
  };

  /** Points the register at the table. */
  get load(): string {
    return `lea ${this.#label}+${Constants.BIAS}(%rip), ${this.#register}`;
  }

  data(): string[] {
    return ['.section .rodata', '.p2align 6', `${this.#label}:`, ...this.#words.map((word) => `.long 0x${word.toString(16)}`)];
  }
}
