/** The I2C page of the bridge: 10 set speed, 20 write, 30 read, 40 write then read. */
import type { Outcome, Request } from './bridge.ts';
import type { I2cPart } from './parts/i2c.ts';

const EMPTY: Outcome = { ok: new Uint8Array(0) };
const NOBODY: Outcome = { text: 'I2C: no acknowledge' };
/** The fastest any of the parts takes. */
const MOST_HZ = 1_000_000;

export class I2cBus {
  readonly #parts: ReadonlyMap<number, I2cPart>;
  /** Hz that were set; 100,000 after power-up. */
  speedHz = 100_000;

  constructor(parts: ReadonlyMap<number, I2cPart>) {
    this.#parts = parts;
  }

  serve({ command, data }: Request): Outcome {
    if (command === 0x10) return this.#setSpeed(data);
    const [address] = data;
    const part = address === undefined ? undefined : this.#parts.get(address);
    const short = data.length < (command === 0x40 ? 3 : 2);
    if (short || ![0x20, 0x30, 0x40].includes(command)) return { error: 'invalid' };
    if (part === undefined) return NOBODY;
    const last = data[data.length - 1] as number;
    if (command === 0x20) return part.write(data.subarray(1)) ? EMPTY : NOBODY;
    if (command === 0x30) return data.length === 2 ? { ok: part.read(last) } : { error: 'invalid' };
    return part.write(data.subarray(1, -1)) ? { ok: part.read(last) } : NOBODY;
  }

  #setSpeed(data: Uint8Array): Outcome {
    if (data.length !== 4) return { error: 'invalid' };
    const hz = new DataView(data.buffer, data.byteOffset).getUint32(0, true);
    if (hz === 0 || hz > MOST_HZ) return { error: 'invalid' };
    this.speedHz = hz;
    return EMPTY;
  }
}
