/** The host's side of the control port, written for the tests of the simulated boards. */
import { INACTIVE, setAddress, W } from '../chips/chips.fixture.ts';
import { VirtualBoard, type BoardOptions } from './board.ts';

export interface Answer {
  readonly status: number;
  readonly data: string;
}

/** A board with somebody who talks to it. Replies are V1. */
export class BoardBench {
  readonly board: VirtualBoard;
  control: string[] = [];
  asic: string[] = [];
  #id = 0;

  constructor(options: BoardOptions) {
    this.board = new VirtualBoard(options, { control: (bytes) => this.control.push(Buffer.from(bytes).toString('hex')), asic: (bytes) => this.asic.push(Buffer.from(bytes).toString('hex')) });
  }

  /** @param body hex from the page on */
  ask(body: string): Answer {
    const id = ++this.#id & 0xff;
    this.control = [];
    this.board.receiveControl(request(id, body));
    if (this.control.length !== 1) throw new Error(`${this.control.length} answers`);
    const reply = Buffer.from(this.control[0]!, 'hex');
    if (reply.readUInt16LE(0) !== reply.length || reply[2] !== id) throw new Error(`not a reply: ${this.control[0]}`);
    return { status: reply[3]!, data: reply.subarray(4).toString('hex') };
  }

  /** Writes to a chip on the bus. */
  put(address: string, bytes: string): void {
    const { status } = this.ask(`0520${address}${bytes}`);
    if (status !== 0) throw new Error(`status ${status}`);
  }

  /** Reads from a register; 16 bits little-endian as a number when `length` is 2. */
  get(address: string, register: string, length: 1 | 2 = 1): number {
    const { status, data } = this.ask(`0540${address}${register}0${length}`);
    if (status !== 0) throw new Error(`status ${status}`);
    const bytes = Buffer.from(data, 'hex');
    return length === 1 ? bytes[0]! : bytes.readUInt16LE(0);
  }

  /** Lets time pass in steps of 10 ms, with somebody asking each second. */
  live(seconds: number, attended = true): void {
    for (let i = 0; i < seconds * 100; i++) {
      this.board.run(10, 0);
      if (attended && i % 100 === 99) this.ask('0600');
    }
  }

  /** The documented bring-up of a Gamma: fan, regulator at 1.15 V, reset let go. */
  powerOn(volts = 1.15): void {
    this.put('4c', '4a23');
    this.put('4c', '0304');
    this.put('4c', '4c3f');
    for (const step of ['03', '021f', '2900aa', '240004', '2b0002', '3566ca', '3640ca', '5540cb', `21${le(Math.round(volts * 512))}`]) this.put('24', step);
    this.put('24', '0180');
    this.board.run(500, 0);
    this.ask('060001');
    this.live(1);
  }

  tell(...frames: string[]): void {
    for (const frame of frames) this.board.receiveAsic(Buffer.from(frame, 'hex'));
  }

  /** Everything a BM1370 needs to hash, its clock in steps as it should be. */
  startChips(mhz = 525): void {
    this.tell(W(0xa4, '9000ffff'), INACTIVE, setAddress(0), W(0x14, '00000000'), W(0x18, 'f000c100'), W(0x3c, '800082aa'));
    for (let f = 56.25; f < mhz; f += 6.25) this.clock(f);
    this.clock(mhz);
  }

  /** Sets the clock: 25 MHz x fb / (ref 2 x post 2 x 1), as near as it goes. */
  clock(mhz: number): void {
    const { fb, ref, post } = nearest(mhz);
    this.tell(W(0x08, `50${hex(fb)}${hex(ref)}${hex(post)}`));
  }
}

function nearest(mhz: number): { fb: number; ref: number; post: number } {
  let best = { fb: 0, ref: 1, post: 0, error: Infinity };
  for (const ref of [2, 1]) {
    for (let a = 7; a >= 1; a--) {
      for (let b = 1; b <= a; b++) {
        const fb = Math.round((mhz * ref * a * b) / 25);
        const error = Math.abs((25 * fb) / (ref * a * b) - mhz);
        if (fb >= 160 && fb <= 239 && error < best.error) best = { fb, ref, post: ((a - 1) << 4) | (b - 1), error };
      }
    }
  }
  return best;
}

const hex = (value: number): string => value.toString(16).padStart(2, '0');
const le = (value: number): string => hex(value & 0xff) + hex(value >> 8);

export function request(id: number, body: string): Buffer {
  const data = Buffer.from(body, 'hex');
  return Buffer.concat([Buffer.of((data.length + 4) & 0xff, (data.length + 4) >> 8, id, 0), data]);
}
