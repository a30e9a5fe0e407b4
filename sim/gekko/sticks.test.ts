import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { midstateOf } from '../../kernels/js/sha256.ts';
import { HEADER, slotVersion, zeroBitsOf } from '../chips/chips.fixture.ts';
import { crc16Of, crc5Of, shiftCrc5 } from '../chips/crc.ts';
import { benchOf, jobFor, provenHeader } from '../chips/chips.fixture.ts';
import { Bm1384Chain, bm1384Mhz } from './bm1384.ts';
import { Bm1387Chain, bm1387Mhz } from './bm1387.ts';
import { noTelemetryFaults, TelemetryController } from './telemetry.ts';

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const of = (hex: string): Buffer => Buffer.from(hex, 'hex');

/** A BM1384 task, put together here by hand. */
function task(header: Buffer | null, jobId: number, ticketMask = 0): Buffer {
  const out = Buffer.alloc(64);
  if (header) {
    midstateOf(header, header.readUInt32LE(0)).forEach((word, i) => out.writeInt32BE(word, 28 - 4 * i));
    for (let word = 0; word < 3; word++) header.copy(out, 60 - 4 * word, 64 + 4 * word, 68 + 4 * word);
  }
  out[39] = ticketMask;
  out[51] = jobId;
  return out;
}

/** A BM1387 job; without a header a ramp job. */
function job1387(header: Buffer | null, id: number, slots: number): Buffer {
  const out = Buffer.alloc(22 + 32 * slots);
  out.set([0x21, out.length, id, slots]);
  if (!header) out.fill(0xff, 8, 20);
  else {
    for (let word = 0; word < 3; word++) header.copy(out, 8 + 4 * word, 72 - 4 * word, 76 - 4 * word);
    for (let slot = 0; slot < slots; slot++) midstateOf(header, slotVersion(header, slot)).forEach((word, i) => out.writeInt32BE(word, 20 + 32 * slot + 28 - 4 * i));
  }
  out.writeUInt16BE(crc16Of(out.subarray(0, -2)), out.length - 2);
  return out;
}

const withNonce = (header: Buffer, version: number, nonce: string): number => {
  const out = Buffer.from(header);
  out.writeUInt32LE(version, 0);
  of(nonce).copy(out, 76);
  return zeroBitsOf(out);
};

interface Vectors {
  readonly vectors: readonly { readonly id: string; readonly steps: readonly { readonly frame: string; readonly meaning: string }[] }[];
  readonly bm1384_frames: readonly { readonly frame: string; readonly meaning: string }[];
  readonly bm1387_frames: readonly { readonly frame: string; readonly meaning: string }[];
  readonly bm1384_pll_words: Readonly<Record<string, string>>;
}

describe('BM1384', () => {
  const open = (chips = 1, zeroBits = 8): { chain: Bm1384Chain; said: string[] } => {
    const said: string[] = [];
    const chain = new Bm1384Chain({ chips, zeroBits }, (bytes) => said.push(hexOf(bytes)));
    return { chain, said };
  };

  it('understands the published frames and clock words', (context) => {
    const { bm1384_frames, bm1384_pll_words } = loadVectors<Vectors>(context, 'asic/gekko.json');
    for (const [mhz, word] of Object.entries(bm1384_pll_words)) expect(bm1384Mhz(Number.parseInt(word, 16))).toBe(Number(mhz));
    const { chain, said } = open(2);
    for (const { frame, meaning } of bm1384_frames) {
      chain.receive(of(frame), 0);
      const mhz = /PLL (\d+) MHz/.exec(meaning)?.[1];
      if (mhz !== undefined) expect(chain.stats().mhz).toBe(Number(mhz));
    }
    expect(chain.stats()).toMatchObject({ frames: bm1384_frames.length, bytes_ignored: 0 });
    const asked = bm1384_frames.filter(({ frame }) => frame.startsWith('84')).length;
    expect(said.map((hex) => hex.slice(0, 4))).toEqual(Array.from({ length: 2 * asked }, () => '1384'));
    expect(said.every((hex) => crc5Of(of(hex)) === 0)).toBe(true);
  });

  it('tells its clock', () => {
    const { chain, said } = open(2);
    chain.receive(of('8209830a'), 0);
    const frame = Uint8Array.of(0x84, 0, 4, 0);
    let crc = 0x1f;
    for (const byte of frame.subarray(0, 3)) crc = shiftCrc5(crc, byte, 8);
    frame[3] = shiftCrc5(crc, 0, 3);
    chain.receive(frame, 0);
    // 125 MHz: 25 MHz x 20 / 4.
    expect(said.map((hex) => hex.slice(0, 8))).toEqual(['80130003', '80130003']);
  });

  it('hashes with as many cores as ramp tasks have opened', () => {
    const { chain } = open();
    chain.receive(task(HEADER, 1), 0);
    chain.run(100, 100);
    expect(chain.stats()).toMatchObject({ hashes: 0, open_cores: 0 });
    for (let i = 0; i < 60; i++) chain.receive(task(null, i & 0x1f), 0);
    expect(chain.stats()).toMatchObject({ open_cores: 55, ramp_jobs: 60 });
  });

  it('tells nonces that are there, with the job id, each chip in its own part', () => {
    const { chain, said } = open(2, 6);
    chain.receive(of('8500000f'), 0);
    for (const address of [0, 0x80]) {
      const frame = Uint8Array.of(1, address, 0, 0);
      let crc = 0x1f;
      for (const byte of frame.subarray(0, 3)) crc = shiftCrc5(crc, byte, 8);
      frame[3] = shiftCrc5(crc, 0, 3);
      chain.receive(frame, 0);
    }
    for (let i = 0; i < 55; i++) chain.receive(task(null, 0), 0);
    chain.receive(of('8209830a'), 0);
    said.length = 0;
    const halves = new Set<boolean>();
    let total = 0;
    for (let time = 0; time < 12; time++) {
      const header = Buffer.from(HEADER);
      header[68] = time;
      // Mask 1 is difficulty 2: one more zero bit.
      chain.receive(task(header, time, 1), 0);
      for (let ms = 0; ms < 400; ms += 10) chain.run(10, 100);
      for (const hex of said) {
        expect(hex).toMatch(new RegExp(`^.{8}${(0x80 ^ time).toString(16)}$`));
        expect(withNonce(header, header.readUInt32LE(0), hex.slice(0, 8))).toBeGreaterThanOrEqual(7);
        halves.add(Number.parseInt(hex.slice(0, 2), 16) >= 0x80);
      }
      total += said.length;
      said.length = 0;
    }
    expect(total).toBeGreaterThan(4);
    expect(halves.size).toBe(2);
  });

  it('a task that begins like a command is a task', () => {
    const { chain } = open();
    const bytes = task(HEADER, 3);
    of('84000011').copy(bytes, 0);
    chain.receive(bytes, 0);
    expect(chain.stats()).toMatchObject({ jobs: 1, frames: 1 });
    chain.receive(bytes.subarray(0, 20), 0);
    chain.receive(bytes.subarray(20), 0);
    expect(chain.stats().bytes_ignored).toBe(0);
  });

  it('a command is one whatever comes behind it', () => {
    const command = of('84000011');
    for (const behind of [task(null, 1), task(HEADER, 1), Buffer.concat([command, command, task(null, 1)]), Buffer.concat([task(null, 1), task(null, 2)])]) {
      const { chain, said } = open();
      chain.receive(Buffer.concat([command, behind]), 0);
      expect(chain.stats()).toMatchObject({ bytes_ignored: 0, frames: 1 + (behind.length === 72 ? 3 : behind.length / 64), jobs: behind.length === 128 ? 2 : 1 });
      expect(said[0]).toMatch(/^1384/);
    }
  });
});

describe('BM1387', () => {
  const open = (chips = 2, zeroBits = 6): { chain: Bm1387Chain; said: string[] } => {
    const said: string[] = [];
    return { chain: new Bm1387Chain({ chips, zeroBits }, (bytes) => said.push(hexOf(bytes))), said };
  };

  it('understands the published frames', (context) => {
    const { bm1387_frames } = loadVectors<Vectors>(context, 'asic/gekko.json');
    const { chain, said } = open();
    for (const { frame, meaning } of bm1387_frames) {
      chain.receive(of(frame));
      const mhz = /PLL (\d+) MHz/.exec(meaning)?.[1];
      if (mhz !== undefined) expect(chain.stats().mhz).toBe(Number(mhz));
    }
    expect(chain.stats()).toMatchObject({ frames: bm1387_frames.length, bytes_ignored: 0 });
    if (bm1387_frames.some(({ frame }) => frame === '5809001c002001001b')) expect(chain.baud).toBe(1_562_500);
    const asked = bm1387_frames.filter(({ frame }) => frame === '5405000019').length;
    expect(said.map((hex) => hex.slice(0, 4))).toEqual(Array.from({ length: 2 * asked }, () => '1387'));
    expect(said.every((hex) => hex.length === 14 && crc5Of(of(hex)) === 0)).toBe(true);
    expect(bm1387Mhz(0x0050_0221)).toBe(500);
  });

  it('ramp jobs open a core each, and have the nonces hosts look for', () => {
    const { chain, said } = open();
    chain.receive(of('5505000010'));
    chain.receive(of('410500001c').subarray(0, 4));
    chain.receive(Uint8Array.of(crc5Of(of('41050000'))));
    chain.receive(of('4105800019'));
    for (let i = 0; i < 115; i++) chain.receive(job1387(null, i, 1));
    expect(chain.stats()).toMatchObject({ open_cores: 228, ramp_jobs: 115 });
    expect(new Set(said.map((hex) => hex.slice(0, 8)))).toEqual(new Set(['7203ea83', 'e16bf809']));
  });

  it.each([1, 4])('tells nonces that are there with %d midstates', (slots) => {
    const { chain, said } = open();
    chain.receive(of('5505000010'));
    for (const address of ['00', '80']) chain.receive(Buffer.concat([of(`4105${address}00`), Uint8Array.of(crc5Of(of(`4105${address}00`)))]));
    for (let i = 0; i < 114; i++) chain.receive(job1387(null, i, slots));
    chain.receive(of('5809000c0060024102'));
    const seen = new Set<number>();
    let total = 0;
    for (let time = 0; time < 10; time++) {
      const header = Buffer.from(HEADER);
      header[68] = time;
      said.length = 0;
      chain.receive(job1387(header, 4 * time, slots));
      for (let ms = 0; ms < 200; ms += 10) chain.run(10, 100);
      for (const hex of said) {
        const reply = of(hex);
        expect([reply.length, crc5Of(reply), reply[6]! >> 5]).toEqual([7, 0, 4]);
        const slot = reply[5]! - 4 * time;
        seen.add(slot);
        expect(withNonce(header, slotVersion(header, slot), hex.slice(0, 8))).toBeGreaterThanOrEqual(6);
      }
      total += said.length;
    }
    expect(total).toBeGreaterThan(slots * 3);
    expect([...seen].every((slot) => slot >= 0 && slot < slots)).toBe(true);
    expect(seen.size).toBe(slots);
  });

  it('hears nothing at the wrong speed, and finds frames among garbage', () => {
    const { chain, said } = open();
    chain.receive(of('ff2105' + '5405000019'));
    expect(said).toHaveLength(2);
    chain.hostBaud = 115_200;
    chain.receive(of('5809001c002001001b'));
    chain.receive(of('5405000019'));
    expect(said).toHaveLength(2);
    chain.hostBaud = 1_500_000;
    chain.receive(of('5405000019'));
    expect(said).toHaveLength(4);
    // The clock of one chip: no address or register behind the value.
    chain.receive(Buffer.concat([of('4405000c'), Uint8Array.of(crc5Of(of('4405000c')))]));
    expect(said[4]).toMatch(/^80200241 ?0000..$/);
  });
});

describe('sticks with BM1362, BM1370 and BM1397', () => {
  it.for([
    ['compacf-bm1397', 'bm1397'],
    ['compac-a1-bm1362', 'bm1362'],
    ['compac-a2-bm1370', 'bm1370'],
  ] as const)('%s: mines after the published start-up', ([id, model], context) => {
    const { vectors } = loadVectors<Vectors>(context, 'asic/gekko.json');
    const published = vectors.find((vector) => vector.id === id);
    if (published === undefined) return context.skip(`not among these vectors: ${id}`);
    const { chain, said, tell } = benchOf({ model, zeroBits: 6, thinning: 2 ** 12 });
    tell(...published.steps.map(({ frame }) => frame));
    said();
    tell(jobFor(model, 0x18));
    chain.hash(300);
    const nonces = said();
    expect(nonces.length).toBeGreaterThan(0);
    for (const hex of nonces) expect(zeroBitsOf(provenHeader(model, HEADER, of(hex)))).toBeGreaterThanOrEqual(6);
  });
});

describe('telemetry', () => {
  const open = (): { controller: TelemetryController; said: string[]; faults: ReturnType<typeof noTelemetryFaults> } => {
    const said: string[] = [];
    const faults = noTelemetryFaults();
    return { controller: new TelemetryController({ nominal: { mhz: 400, volts: 0.3, watts: 12 }, chips: 1 }, faults, (bytes) => said.push(hexOf(bytes))), said, faults };
  };
  const ask = (text: string): Buffer => Buffer.from(text, 'latin1');

  it('switches the regulator, sets voltage and fan, and measures', () => {
    const { controller, said } = open();
    controller.receive(ask('?v'));
    expect([controller.coreV, said.splice(0)]).toEqual([0, ['21']]);
    controller.receive(Buffer.from([0x56, 70, 0x46, 100, 0x42, 0x4f, 0x4c]));
    controller.receive(Buffer.from([0x48]));
    expect([controller.coreV, controller.fanPercent, controller.lamp]).toEqual([0.35, 100, 'H']);
    for (let i = 0; i < 6000; i++) controller.run(10, { coreV: 0.3, mhz: 400, hashing: true });
    controller.receive(ask('M.G.'));
    expect(said.map((hex) => hex.length)).toEqual([14, 14]);
    const [vin, , vout, iout, temp1, temp2, tach] = of(said[0]!);
    expect((vin! * 2.048 * 12) / 255).toBeCloseTo(12, 0);
    expect((vout! * 2.048) / 255 / 2).toBeCloseTo(0.35, 2);
    expect(((iout! * 2.048) / 255) * 20).toBeCloseTo(12 / 0.35, 0);
    expect((temp1! * 175) / 218 - 50).toBeCloseTo(47, -0.5);
    expect(temp2!).toBeLessThan(temp1!);
    expect(tach! * 30).toBe(6000);
    controller.receive(ask('B-'));
    expect(controller.coreV).toBe(0);
    expect(controller.history.unattended_ms).toBeGreaterThan(59_000);
  });

  it('has its faults', () => {
    const { controller, said, faults } = open();
    Object.assign(faults, { sensorOpen: true, regulatorBroken: true });
    controller.receive(ask('BOM.'));
    expect([controller.coreV, said[0]!.slice(8, 12)]).toEqual([0, 'ffff']);
    faults.telemetryMute = true;
    controller.receive(ask('M.'));
    expect(said).toHaveLength(1);
  });
});
