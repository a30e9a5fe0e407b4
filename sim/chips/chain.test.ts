import { describe, expect, it } from 'vitest';
import { benchOf, HEADER, INACTIVE, jobFor, provenHeader, readAll, readOne, setAddress, startUp, W, w, zeroBitsOf, type Bench } from './chips.fixture.ts';
import { MODELS, type ModelName } from './models.ts';

const NAMES = Object.keys(MODELS) as ModelName[];
const READ_ID = '55aa520500000a';
const ROLLING = '55aa510900a49000ffff1c';

/** A chain that mines, with easy nonces: 6 bits, and 4 by its ticket. */
function mining(model: ModelName, chips = 1, id = 0x28): Bench {
  const bench = benchOf({ model, chips, zeroBits: 6, thinning: 2 ** 12 });
  bench.tell(...startUp(model, chips), jobFor(model, id));
  return bench;
}

describe('published answers', () => {
  it.each([
    ['bm1366', [ROLLING, READ_ID], 'aa55136600000000000005'],
    ['bm1368', [ROLLING, READ_ID], 'aa5513680000000000000f'],
    ['bm1370', [ROLLING, READ_ID], 'aa55137000000000000010'],
    ['bm1362', [READ_ID], 'aa551362030000000d'],
    ['bm1362', [INACTIVE, setAddress(0xcc), ROLLING, READ_ID], 'aa55136203cccc00000012'],
    ['bm1397', [READ_ID], 'aa5513971800000006'],
    ['bm1397', [ROLLING, READ_ID], 'aa5513971800000006'],
    ['bm1370', [readAll(0x18)], 'aa550000c100001802'],
  ] as const)('%s after %j', (model, frames, answer) => {
    const { said, tell } = benchOf({ model });
    tell(...frames);
    expect(said()).toEqual([answer]);
  });
});

describe('registers', () => {
  it('are read and written in all chips or in one', () => {
    const { said, tell } = benchOf({ model: 'bm1368', chips: 3 });
    tell(INACTIVE, setAddress(0), setAddress(85), setAddress(170), setAddress(200));
    tell(W(0x54, '00000003'), w(85, 0x54, '00000002'), readAll(0x54));
    expect(said().map((hex) => hex.slice(4, 16))).toEqual(['000000030054', '000000025554', '00000003aa54']);
    tell(readOne(170, 0x54), readOne(200, 0x54));
    expect(said()).toHaveLength(1);
  });

  it('keep nothing through a reset', () => {
    const { chain, said, tell } = mining('bm1370');
    chain.reset();
    chain.hash(5);
    tell(READ_ID);
    expect(said()).toEqual([expect.stringMatching(/^aa55137000000000[0-9a-f]{2}$/)]);
  });

  it('count hashes in the units of the silicon', () => {
    const { chain, said, tell } = mining('bm1366');
    chain.hash(200);
    said();
    tell(readAll(0x8c));
    // 200 batches of 896 hashes, each standing for 2^26.
    expect(Number.parseInt(said()[0]!.slice(4, 12), 16)).toBe(Math.floor((200 * 896 * 2 ** 26) / 2 ** 32));
  });
});

describe('frames', () => {
  it('are found among garbage and in pieces; those with a wrong checksum are for nobody', () => {
    const { chain, said } = benchOf({ model: 'bm1366' });
    const bytes = Buffer.from(`55aa5500ff55aa520500000b55${READ_ID}`, 'hex');
    for (const byte of bytes) chain.receive(Buffer.of(byte));
    expect(said()).toHaveLength(1);
  });

  it('job frames are taken with either length byte that is in use', () => {
    const { chain, tell } = benchOf({ model: 'bm1370' });
    // Published job frame with the length byte 56.
    tell('55aa2156680100000000043a0217d76854685519a7cb044f88726355919e61a98bcf71a0c28795ea54db8c36414b06ddf5f00000000000000000965201001d3996bca3f4670dfcd4f201c162b96dfd55646b00000020721c', jobFor('bm1370', 8));
    expect(chain.stats()).toMatchObject({ jobs: 2, bytes_ignored: 0 });
  });
});

describe.each(NAMES)('nonces of %s', (model) => {
  const idMask = { bm1397: 0xfc, bm1362: 0xf8, bm1366: 0xf8, bm1368: 0xf0, bm1370: 0xf0 }[model];

  it('all hash to the ticket, under the version and the job id they come with', () => {
    const { chain, said } = mining(model, 1, 0x28);
    chain.hash(40);
    const nonces = said().map((hex) => Buffer.from(hex, 'hex'));
    // At least 40 x 512 hashes, one in 2^10.
    expect(nonces.length).toBeGreaterThan(10);
    expect(new Set(nonces.map((nonce) => nonce.toString('hex'))).size).toBe(nonces.length);
    const slots = new Set<number>();
    for (const nonce of nonces) {
      expect(nonce.length).toBe(model === 'bm1397' ? 9 : 11);
      const zeros = zeroBitsOf(provenHeader(model, HEADER, nonce));
      expect(zeros).toBeGreaterThanOrEqual(10);
      expect(nonce[6]! >>> (MODELS[model].excess === 'bits' ? 0 : 1)).toBe(zeros - 10);
      const id = nonce[7]! & idMask;
      expect(idMask === 0xf0 ? id >>> 1 : id).toBe(0x28);
      slots.add(nonce[7]! & ~idMask & 0xff);
      if (nonce.length === 11) expect(nonce.readUInt16BE(8) & ~idMask & 0xff).toBe(nonce[7]! & ~idMask & 0xff);
    }
    expect(slots.size).toBeGreaterThan(2);
  });

  it('do not come until the chip has been told to', () => {
    for (const missing of model === 'bm1397' ? (['enable'] as const) : (['misc', 'enable'] as const)) {
      const { chain, said, tell } = benchOf({ model, zeroBits: 6 });
      tell(...startUp(model, 1, [missing]), jobFor(model, 8));
      chain.hash(10);
      expect(said(), missing).toEqual([]);
    }
  });

  it('do not come without a job', () => {
    const { chain, said, tell } = benchOf({ model, zeroBits: 6 });
    tell(...startUp(model, 1));
    chain.hash(10);
    expect(said()).toEqual([]);
  });
});

describe('versions', () => {
  it('stay within the mask, and replies have 9 bytes without one', () => {
    const { chain, said, tell } = mining('bm1366');
    tell(W(0xa4, '9000c00c'));
    chain.hash(60);
    const versions = said().map((hex) => Number.parseInt(hex.slice(16, 20), 16));
    expect(versions.length).toBeGreaterThan(5);
    expect(versions.filter((version) => (version & ~0xc00c) !== 0)).toEqual([]);
    expect(new Set(versions).size).toBeGreaterThan(2);
    tell(W(0xa4, '80000000'));
    chain.hash(100);
    const short = said();
    expect(short.length).toBeGreaterThan(2);
    for (const hex of short) expect(zeroBitsOf(provenHeader('bm1366', HEADER, Buffer.from(hex, 'hex')))).toBeGreaterThanOrEqual(10);
    expect(new Set(short.map((hex) => hex.length))).toEqual(new Set([18]));
  });
});

describe('nonce space', () => {
  it('is split by chip address', () => {
    const { chain, said, tell } = mining('bm1366', 4);
    tell(W(0x10, '00008000')); // 32768 x 2 x 525 / 25 nonces a core, less than a quarter of 2^25
    chain.hash(40);
    const chips = said().map((hex) => Math.floor(((Number.parseInt(hex.slice(4, 12), 16) >>> 17) & 0xff) / 64));
    expect([...new Set(chips)].sort()).toEqual([0, 1, 2, 3]);
    expect(said()).toEqual([]);
  });

  it('starts at register 0C in a BM1370', () => {
    const { chain, said, tell } = mining('bm1370');
    tell(W(0x0c, '800003f1'), W(0x10, '00000100'));
    chain.hash(40);
    const low = said().map((hex) => (Number.parseInt(hex.slice(4, 12), 16) & 0x1ff_ffff) - 0x3f1 * 512);
    expect(Math.min(...low)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...low)).toBeLessThan((2 * 256 * 525) / 25);
    expect(new Set(low).size).toBeGreaterThan(5);
  });

  it('is gone through again when it has been gone through, with the same results', () => {
    const { chain, said, tell } = mining('bm1370');
    tell(W(0x10, '00000025'), W(0xa4, '9000ffff'));
    const steps = Math.round((4096 * Math.floor((2 * 0x25 * 525) / 25)) / 2 ** 12);
    tell(jobFor('bm1370', 0x18));
    chain.hash(steps);
    const once = said();
    expect(once.length).toBeGreaterThan(3);
    chain.hash(steps);
    expect(said()).toEqual(once);
  });

  it('of a BM1397 is soon gone through: a chip that gets no new work finds nothing new', () => {
    const { chain, said, tell } = benchOf({ model: 'bm1397', zeroBits: 6, thinning: 2 ** 20 });
    tell(...startUp('bm1397', 1), jobFor('bm1397', 4));
    chain.hash(32);
    const once = said();
    expect(once.length).toBeGreaterThan(3);
    chain.hash(32);
    expect(said()).toEqual(once);
  });

  it('begins anew with every job, the same job too', () => {
    const { chain, said, tell } = mining('bm1397');
    chain.hash(8);
    const once = said();
    tell(jobFor('bm1397', 0x28));
    chain.hash(8);
    expect(said()).toEqual(once);
    tell(jobFor('bm1397', 0x2c, Buffer.concat([HEADER.subarray(0, 68), Buffer.from('12345678', 'hex'), HEADER.subarray(72)])));
    chain.hash(8);
    expect(said().map((hex) => hex.slice(4, 12))).not.toEqual(once.map((hex) => hex.slice(4, 12)));
  });
});

describe('speed', () => {
  const hashesIn = (word: string, rate_hs: number | null): number => {
    const { chain, tell } = benchOf({ model: 'bm1370', rate_hs, zeroBits: 6 });
    tell(...startUp('bm1370', 1), W(0x08, word), jobFor('bm1370', 8));
    for (let i = 0; i < 100; i++) chain.run(10, 1000);
    return chain.stats().hashes;
  };

  it('follows the PLL, thinned by as much as nonces are easier', () => {
    // 525 MHz and 75 MHz in one second, at 2^-26 of the silicon.
    expect(hashesIn('50d20240', null) / ((2040 * 525e6) / 2 ** 26)).toBeCloseTo(1, 0);
    expect(hashesIn('50d20240', null) / hashesIn('50d20264', null)).toBeGreaterThan(3);
    expect(hashesIn('00000000', null)).toBe(0);
  });

  it('is capped', () => {
    expect(Math.abs(hashesIn('50d20240', 8192) - 8192)).toBeLessThanOrEqual(2048);
  });
});

describe('serial speed', () => {
  it.each([
    ['bm1366', W(0x28, '11300200'), 1_000_000],
    ['bm1370', W(0x28, '01300000'), 3_125_000],
    ['bm1397', W(0x18, '00006031'), 3_125_000],
  ] as const)('of %s: a host at the old one hears noise and is not heard', (model, change, baud) => {
    const { chain, said, tell } = mining(model);
    chain.hostBaud = 115_200;
    tell(readAll(0));
    expect(said()).toHaveLength(1);
    tell(change, readAll(0));
    expect(said()).toEqual([]);
    chain.hash(20);
    const noise = said();
    expect(noise.length).toBeGreaterThan(1);
    expect(noise.join('')).not.toContain('aa55');
    chain.hostBaud = baud;
    tell(readAll(0));
    expect(said()[0]).toMatch(/^aa5513/);
  });
});
