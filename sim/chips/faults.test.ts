import { describe, expect, it } from 'vitest';
import { benchOf, HEADER, jobFor, provenHeader, readAll, startUp, zeroBitsOf, type Bench } from './chips.fixture.ts';
import { crc5Of } from './crc.ts';
import { clearedChipFault, parseChipFault } from './faults.ts';

function mining(fault: string, chips = 1): Bench {
  const bench = benchOf({ model: 'bm1366', chips, zeroBits: 6, chipsPerDomain: 2 });
  bench.tell(...startUp('bm1366', chips), jobFor('bm1366', 8));
  Object.assign(bench.chain.faults, parseChipFault(fault));
  return bench;
}

/** What 40 batches say, as one stream of hex. */
function stream(fault: string): { stream: string; replies: string[] } {
  const { chain, said } = mining(fault);
  chain.hash(40);
  const replies = said();
  return { stream: replies.join(''), replies };
}

const CLEAN = ((): string[] => {
  const { chain, said } = benchOf({ model: 'bm1366', zeroBits: 6 });
  chain.receive(Buffer.from([...startUp('bm1366', 1), jobFor('bm1366', 8)].join(''), 'hex'));
  chain.hash(40);
  return said();
})();

const goodCrc = (hex: string): boolean => crc5Of(Buffer.from(hex, 'hex').subarray(2)) === 0;

describe('each fault is seen on the line', () => {
  it('none: whole replies with right checksums', () => {
    expect(CLEAN.length).toBeGreaterThan(10);
    expect(CLEAN.every((hex) => hex.length === 22 && goodCrc(hex))).toBe(true);
  });

  it('mute', () => {
    const { chain, said, tell } = mining('mute');
    chain.hash(40);
    tell(readAll(0));
    expect(said()).toEqual([]);
    Object.assign(chain.faults, clearedChipFault('mute'));
    tell(readAll(0));
    expect(said()).toHaveLength(1);
  });

  it('dead-domain: its chips and those behind it', () => {
    const { said, tell } = mining('dead-domain=1', 6);
    tell(readAll(0));
    expect(said()).toHaveLength(2);
  });

  it('garbage: the replies, with noise between them', () => {
    const { stream: all } = stream('garbage');
    expect(all.length).toBeGreaterThan(CLEAN.join('').length);
    expect(CLEAN.filter((hex) => !all.includes(hex))).toEqual([]);
  });

  it('duplicate-nonces', () => {
    expect(stream('duplicate-nonces').stream).toBe(CLEAN.map((hex) => hex + hex).join(''));
  });

  it('stray-byte', () => {
    expect(stream('stray-byte=3').stream).toBe(CLEAN.map((hex, i) => (i % 3 === 2 ? `${hex}00` : hex)).join(''));
  });

  it('wrong-crc', () => {
    expect(stream('wrong-crc=4').replies.map(goodCrc)).toEqual(CLEAN.map((_, i) => i % 4 !== 3));
  });

  it('bad-nonce: right checksum, wrong hash', () => {
    const { replies } = stream('bad-nonce=2');
    expect(replies.every(goodCrc)).toBe(true);
    const good = replies.map((hex) => zeroBitsOf(provenHeader('bm1366', HEADER, Buffer.from(hex, 'hex'))) >= 10);
    expect(good.filter((_, i) => i % 2 === 0)).not.toContain(false);
    expect(good.filter((_, i) => i % 2 === 1)).not.toContain(true);
  });
});

describe('names', () => {
  it.each(['nothing', 'mute=1', 'stray-byte=0', 'stray-byte=x', 'disappear=a', 'dead-domain=-1', 'toString'])('%s is refused', (text) => {
    expect(() => parseChipFault(text)).toThrow(/fault/);
  });

  it('values are read', () => {
    expect(parseChipFault('disappear=2:0.5')).toEqual({ disappear: { after_s: 2, for_s: 0.5 } });
    expect(parseChipFault('dead-domain')).toEqual({ deadDomain: 0 });
    expect(clearedChipFault('disappear')).toEqual({ disappear: null });
  });
});
