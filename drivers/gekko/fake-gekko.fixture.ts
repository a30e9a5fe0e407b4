import { crc5 } from '../../protocol/bm13xx/crc5.ts';
import { decodeBm1384Command } from '../../protocol/gekko/bm1384-command.ts';
import { type Bm1384Task, decodeBm1384Task } from '../../protocol/gekko/bm1384-job.ts';
import { BM1387_REGISTER, decodeBm1387Command } from '../../protocol/gekko/bm1387-command.ts';
import { decodeBm1387Job } from '../../protocol/gekko/bm1387-job.ts';
import type { MidstateJob } from '../../protocol/bm13xx/job-midstate.ts';
import type { GekkoChip } from '../../protocol/gekko/reply.ts';
import type { FakeLine } from '../stick/fake-line.fixture.ts';

/** A reply with its trailer: type 0 register, 4 nonce; the CRC over everything comes out as 0. */
export function sealed(body: readonly number[], type: 0 | 4): Uint8Array {
  for (let crc = 0; crc < 32; crc++) {
    const bytes = Uint8Array.from([...body, (type << 5) | crc]);
    if (crc5(bytes) === 0) return bytes;
  }
  throw new Error('there is a CRC for every body');
}

/** Chips that keep what they are told and answer what they are asked; they find nothing by themselves. */
export class FakeGekko {
  readonly #chip: GekkoChip;
  readonly #line: FakeLine;
  chips: number;
  /** What the chips listen at. */
  baud = 115_200;
  pll: [number, number, number] = [0x17, 0, 3];
  pllWord = 0;
  mute = false;
  addresses: number[] = [];
  readonly tasks: Bm1384Task[] = [];
  readonly jobs: MidstateJob[] = [];
  readonly commands: string[] = [];
  /** Frames that were none. */
  broken = 0;

  constructor(chip: GekkoChip, chips: number, line: FakeLine) {
    this.#chip = chip;
    this.chips = chips;
    this.#line = line;
    line.onWrite = (bytes) => {
      if ((line.bauds.at(-1) ?? 115_200) !== this.baud || this.mute) return;
      if (chip === 'BM1384') this.#bm1384(bytes);
      else this.#bm1387(bytes);
    };
  }

  #bm1384(bytes: Uint8Array): void {
    if (bytes.length === 64) return void this.tasks.push(decodeBm1384Task(bytes)!);
    const command = decodeBm1384Command(bytes);
    if (command === null) return void this.broken++;
    this.commands.push(command.kind);
    if (command.kind === 'chain-inactive') this.addresses = [];
    if (command.kind === 'set-address') this.addresses.push(command.address);
    if (command.kind === 'set-frequency') this.pll = [(command.word >> 7) & 0xff, (command.word >> 2) & 0x1f, command.word & 3];
    if (command.kind !== 'read') return;
    const body = command.register === 0 ? [0x13, 0x84, 0, 0] : [0x80, ...this.pll];
    for (let i = 0; i < this.chips; i++) this.#line.say(sealed(body, 0));
  }

  #bm1387(bytes: Uint8Array): void {
    const job = decodeBm1387Job(bytes);
    if (job.ok) return void this.jobs.push(job.job);
    const command = decodeBm1387Command(bytes);
    if (command === null) return void this.broken++;
    this.commands.push(command.kind);
    if (command.kind === 'chain-inactive') this.addresses = [];
    if (command.kind === 'set-address') this.addresses.push(command.address);
    if (command.kind === 'write' && command.register === BM1387_REGISTER.pll) this.pllWord = command.value;
    // The host's nearest speeds.
    if (command.kind === 'write' && command.register === BM1387_REGISTER.miscControl) this.baud = ((command.value >> 8) & 0x1f) === 1 ? 1_500_000 : 115_200;
    if (command.kind !== 'read') return;
    const value = command.register === 0 ? 0x1387_9000 : (0x8000_0000 | this.pllWord) >>> 0;
    for (let i = 0; i < this.chips; i++) this.#line.say(sealed([value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff, this.addresses[i] ?? 0, command.register], 0));
  }

  /** @param id BM1384: job id; BM1387: job id and slot */
  nonce(nonce: Uint8Array, id: number): Uint8Array {
    return this.#chip === 'BM1384' ? Uint8Array.from([...nonce, 0x80 | id]) : sealed([...nonce, 0, id], 4);
  }
}
