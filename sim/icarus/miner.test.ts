import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { HEADER, zeroBitsOf } from '../chips/chips.fixture.ts';
import { midstateOf } from '../../kernels/js/sha256.ts';
import { PLAIN_FAULTS } from './faults.ts';
import { VirtualMiner, type MinerOptions } from './miner.ts';
import { isRealNonce } from './sweep.ts';
import { readWork } from './work.ts';

/** The 64 bytes of a header, put together here again. */
export function workOf(header: Buffer, id = 0): Buffer {
  const out = Buffer.alloc(64);
  midstateOf(header, header.readUInt32LE(0)).forEach((word, i) => out.writeInt32BE(word, 28 - 4 * i));
  for (let word = 0; word < 3; word++) header.copy(out, 60 - 4 * word, 64 + 4 * word, 68 + 4 * word);
  out[51] = id;
  return out;
}

function bench(options: Partial<MinerOptions> = {}): { miner: VirtualMiner; said: string[]; live: (ms: number) => void } {
  const said: string[] = [];
  const miner = new VirtualMiner({ model: 'block-erupter', zeroBits: 10, ...options }, (bytes) => said.push(Buffer.from(bytes).toString('hex')));
  return {
    miner,
    said,
    live: (ms) => {
      for (let at = 0; at < ms; at += 10) miner.run(10, 1000);
    },
  };
}

const proven = (header: Buffer, reply: string): number => zeroBitsOf(Buffer.concat([header.subarray(0, 76), Buffer.from(reply.slice(0, 8), 'hex')]));

describe('published work', () => {
  it('the golden work has the golden nonce, and nothing before it', (context) => {
    const { vectors } = loadVectors<{ vectors: { id: string; work_64_bytes: string; reply_4_bytes: string }[] }>(context, 'asic/icarus.json');
    const golden = vectors.find(({ work_64_bytes }) => work_64_bytes.startsWith('4679ba4e'));
    if (golden === undefined) return context.skip('the golden work is not among these vectors');
    for (const zeroBits of [8, 32]) {
      const { miner, said, live } = bench({ zeroBits });
      miner.receive(Buffer.from(golden.work_64_bytes, 'hex'), 0);
      live(20);
      expect(said).toEqual([golden.reply_4_bytes]);
    }
  });

  it('reads the midstate and the end of the header as published', (context) => {
    const { vectors } = loadVectors<{ vectors: { work_64_bytes: string; reply_4_bytes: string }[] }>(context, 'asic/icarus.json');
    for (const { work_64_bytes, reply_4_bytes } of vectors) {
      const { midstate, tail } = readWork(Buffer.from(work_64_bytes, 'hex'));
      const nonce = Number.parseInt(reply_4_bytes, 16);
      expect([isRealNonce(midstate, tail, nonce), isRealNonce(midstate, tail, nonce ^ 1)]).toEqual([true, false]);
    }
  });
});

describe('search', () => {
  it('tells nonces that are there, from 0 to the end, and then waits for work', () => {
    const { miner, said, live } = bench();
    miner.receive(workOf(HEADER), 0);
    live(6000);
    expect(miner.idle).toBe(false);
    live(7000);
    expect(miner.idle).toBe(true);
    expect(said.length).toBeGreaterThan(0);
    expect(said.every((hex) => hex.length === 8 && proven(HEADER, hex) >= 10)).toBe(true);
    const numbers = said.map((hex) => Number.parseInt(hex, 16));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    // The whole range was searched in the time of the real one: 2^32 / 336 MH/s = 12.8 s, and as many nonces are in it.
    expect(miner.stats()).toMatchObject({ hashes: 2 ** 10, jobs: 1 });
    live(5000);
    expect(miner.stats().hashes).toBe(2 ** 10);
  });

  it('new work aborts the old', () => {
    const { miner, said, live } = bench();
    let total = 0;
    for (let time = 0; time < 8; time++) {
      const header = Buffer.from(HEADER);
      header[68] = time;
      miner.receive(workOf(header), 0);
      live(9000);
      expect(said.every((hex) => proven(header, hex) >= 10)).toBe(true);
      total += said.length;
      said.length = 0;
    }
    expect(total).toBeGreaterThan(1);
  });

  it('takes work in pieces, and forgets work that does not end', () => {
    const { miner } = bench();
    const work = workOf(HEADER);
    miner.receive(work.subarray(0, 30), 0);
    miner.receive(work.subarray(30), 20);
    expect(miner.stats().jobs).toBe(1);
    miner.receive(work.subarray(0, 30), 1000);
    miner.receive(work, 2000);
    expect(miner.stats()).toMatchObject({ jobs: 2, bytes_ignored: 30 });
  });

  it('an Antminer U1 says which work it answers', () => {
    const { miner, said, live } = bench({ model: 'antminer-u1' });
    miner.receive(Buffer.from('8207831f', 'hex'), 0);
    miner.receive(workOf(HEADER, 0x15), 10);
    live(3000);
    expect(said.length).toBeGreaterThan(0);
    expect(said.every((hex) => hex.length === 10 && hex.endsWith('15') && proven(HEADER, hex) >= 10)).toBe(true);
  });

  it('an allowance for hashing makes it slower, not wrong', () => {
    const { miner, live } = bench({ rate_hs: 10 });
    miner.receive(workOf(HEADER), 0);
    live(10_000);
    expect(miner.stats().hashes).toBeGreaterThanOrEqual(98);
    expect(miner.stats().hashes).toBeLessThanOrEqual(100);
  });
});

describe('faults', () => {
  const all = (fault: string): string[] => {
    const { miner, said, live } = bench();
    Object.assign(miner.faults, PLAIN_FAULTS.parse(fault));
    miner.receive(workOf(HEADER), 0);
    live(13_000);
    return said;
  };

  it.each([
    ['mute', (hex: string) => hex === 'never'],
    ['lost-byte=1', (hex: string) => hex.length === 6],
    ['stray-byte=1', (hex: string) => hex.length === 10 && proven(HEADER, hex) >= 10],
    ['garbage', (hex: string) => hex.length > 8 && proven(HEADER, hex.slice(-8)) >= 10],
    ['bad-nonce=1', (hex: string) => proven(HEADER, hex) < 10],
    ['duplicate-nonces', (hex: string) => hex.length === 16 && hex.slice(0, 8) === hex.slice(8)],
  ] as const)('%s', (fault, seen) => {
    const said = all(fault);
    expect(said.every(seen)).toBe(true);
    expect(said.length > 0).toBe(fault !== 'mute');
  });

  it('there is no checksum to be wrong', () => {
    expect(() => PLAIN_FAULTS.parse('wrong-crc')).toThrow(/no fault is called/);
  });
});
