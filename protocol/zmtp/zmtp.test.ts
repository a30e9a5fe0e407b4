import { describe, expect, it } from 'vitest';
import { bytesToHex, concatBytes, hexToBytes } from '../common/bytes.ts';
import { xorshift } from '../common/xorshift.fixture.ts';
import { decodeCommand, decodeMetadata, encodeCommand, encodeReady } from './commands.ts';
import { encodeFrame, FrameDecoder } from './frames.ts';
import { decodeHashBlock } from './hashblock.ts';
import { ZmtpSubscriber, type SubscriberEvent } from './subscriber.ts';

const ascii = (text: string) => Buffer.from(text, 'latin1').toString('hex');
/** As the specification draws it, by hand. */
const GREETING_31 = `ff00000000000000007f0301${ascii('NULL')}${'00'.repeat(16)}00${'00'.repeat(31)}`;
const GREETING_30 = GREETING_31.replace('7f0301', '7f0300');
const READY_PUB = `0419${'05'}${ascii('READY')}0b${ascii('Socket-Type')}00000003${ascii('PUB')}`;
const HASH = '00000000000000000002a7c4c1e48d76c5a37902165a270156b7a8d72728a054';
const NOTICE = `0109${ascii('hashblock')}0120${HASH}000407000000`;

function run(chunks: readonly Uint8Array[]): { subscriber: ZmtpSubscriber; events: SubscriberEvent[] } {
  const subscriber = new ZmtpSubscriber({ topics: ['hashblock'] });
  return { subscriber, events: chunks.flatMap((chunk) => subscriber.feed(chunk)) };
}

const plain = (events: readonly SubscriberEvent[]) =>
  events.map((event) => {
    if (event.kind === 'send') return `send ${bytesToHex(event.bytes)}`;
    if (event.kind === 'message') return `message ${event.parts.map(bytesToHex).join(' ')}`;
    return event.kind === 'ready' ? `ready ${event.heartbeats}` : `failed: ${event.reason}`;
  });

const READY_SUB = `send 041905${ascii('READY')}0b${ascii('Socket-Type')}00000003${ascii('SUB')}`;
const EXPECTED_31 = [READY_SUB, `send 041309${ascii('SUBSCRIBE')}${ascii('hashblock')}`, 'ready true', `message ${ascii('hashblock')} ${HASH} 07000000`];

describe('ZmtpSubscriber', () => {
  it('begins with the 64 bytes of the specification', () => {
    expect(bytesToHex(new ZmtpSubscriber({ topics: [] }).hello())).toBe(GREETING_31);
  });

  it('says READY, subscribes, and gives messages', () => {
    expect(plain(run([hexToBytes(GREETING_31 + READY_PUB + NOTICE)]).events)).toEqual(EXPECTED_31);
  });

  it('subscribes by a message where the other side speaks 3.0', () => {
    expect(plain(run([hexToBytes(GREETING_30 + READY_PUB)]).events)).toEqual([READY_SUB, `send 000a01${ascii('hashblock')}`, 'ready false']);
  });

  it('does not care where the stream is cut', () => {
    const stream = hexToBytes(GREETING_31 + READY_PUB + NOTICE);
    for (let at = 0; at <= stream.length; at++) expect(plain(run([stream.subarray(0, at), stream.subarray(at)]).events)).toEqual(EXPECTED_31);
    expect(plain(run([...stream].map((byte) => Uint8Array.of(byte))).events)).toEqual(EXPECTED_31);
  });

  it('answers PING with its context, and ignores commands it does not know', () => {
    const { subscriber } = run([hexToBytes(GREETING_31 + READY_PUB)]);
    expect(plain(subscriber.feed(encodeCommand('PING', hexToBytes('012caabb'))))).toEqual([`send 040704${ascii('PONG')}aabb`]);
    expect(subscriber.feed(encodeCommand('PONG', new Uint8Array(0)))).toEqual([]);
    expect(subscriber.feed(encodeCommand('NOVELTY', new Uint8Array(9)))).toEqual([]);
    expect(bytesToHex(subscriber.ping())).toBe(`040704${ascii('PING')}0000`);
  });

  it.each([
    ['HTTP', ascii('HTTP/1.1 400 Bad Request'), /does not speak ZMTP/],
    ['ZMTP 1', 'ff000000000000000100', /old ZMTP/],
    ['ZMTP 2', 'ff00000000000000007f0101', /old ZMTP/],
    ['CURVE', GREETING_31.replace(ascii('NULL') + '00', ascii('CURVE')), /"CURVE"/],
    ['a pull socket', GREETING_31 + READY_PUB.replace('0419', '041a').replace('00000003' + ascii('PUB'), '00000004' + ascii('PULL')), /PULL socket/],
    ['an error', `${GREETING_31}040c05${ascii('ERROR')}05${ascii('nope!')}`, /refuses: nope!/],
    ['a message too early', GREETING_31 + NOTICE, /before the end of the handshake/],
    ['flags that are none', GREETING_31 + READY_PUB + '0800', /flags/],
    ['a command with more', GREETING_31 + READY_PUB + '0500', /flags/],
    ['a frame without end', GREETING_31 + READY_PUB + '02ffffffffffffffff', /4096 at most/],
    ['too many parts', GREETING_31 + READY_PUB + '0100'.repeat(9), /more than 8 frames/],
    ['a nameless command', `${GREETING_31}0400`, /without a name/],
    ['a cut property', `${GREETING_31}040805${ascii('READY')}0b41`, /within a property/],
  ])('gives up on %s, once, and says why', (_name, hex, words) => {
    const { subscriber, events } = run([hexToBytes(hex)]);
    const failures = events.filter((event) => event.kind === 'failed');
    expect(failures).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ kind: 'failed', reason: expect.stringMatching(words) });
    expect(subscriber.feed(hexToBytes(NOTICE))).toEqual([]);
  });

  it('never throws and never stores more than a frame, whatever comes', () => {
    const random = xorshift(20_261_121);
    for (let round = 0; round < 20_000; round++) {
      const stream = hexToBytes(GREETING_31 + READY_PUB + NOTICE + NOTICE);
      for (let flips = random(4); flips > 0; flips--) stream[random(stream.length)] = random(256);
      const noise = Uint8Array.from({ length: random(40) }, () => random(256));
      const cut = random(stream.length);
      const { subscriber, events } = run([stream.subarray(0, cut), stream.subarray(cut), noise]);
      const failed = events.findIndex((event) => event.kind === 'failed');
      if (failed >= 0) expect(failed).toBe(events.length - 1);
      if (failed >= 0) expect(subscriber.feed(noise)).toEqual([]);
    }
  });
});

describe('frames', () => {
  it.each([0, 1, 255, 256, 70_000])('carry %i bytes there and back', (length) => {
    const body = Uint8Array.from({ length }, (_, index) => index & 0xff);
    const bytes = encodeFrame({ command: false, more: true, body });
    expect(bytes[0]).toBe(length > 255 ? 3 : 1);
    expect(new FrameDecoder(70_000).feed(bytes)).toEqual([{ command: false, more: true, body }]);
  });

  it('are given as copies: what the caller does with its bytes later changes nothing', () => {
    const decoder = new FrameDecoder(100);
    const bytes = concatBytes(hexToBytes('0002aabb'), hexToBytes('0002cc'));
    const [frame] = decoder.feed(bytes);
    bytes.fill(0);
    expect(bytesToHex(frame!.body)).toBe('aabb');
    expect(decoder.feed(hexToBytes('dd')).map((next) => bytesToHex(next.body))).toEqual(['ccdd']);
  });
});

it('reads metadata whatever the case of its names', () => {
  expect(decodeMetadata(decodeCommand(encodeReady('XPUB').subarray(2)).data)).toEqual(new Map([['socket-type', 'XPUB']]));
});

describe('decodeHashBlock', () => {
  const parts = (...hex: string[]) => hex.map(hexToBytes);
  it('reads hash and counter', () => {
    expect(decodeHashBlock(parts(ascii('hashblock'), HASH, 'ffffffff'))).toEqual({ hash: HASH, sequence: 0xffff_ffff });
    expect(decodeHashBlock(parts(ascii('hashblock'), HASH))).toEqual({ hash: HASH, sequence: null });
  });
  it('refuses what is something else', () => {
    expect(decodeHashBlock([])).toBeNull();
    expect(decodeHashBlock(parts(ascii('hashtx'), HASH, '00000000'))).toBeNull();
    expect(decodeHashBlock(parts(ascii('hashblock'), 'aabb', '00000000'))).toBeNull();
  });
});
