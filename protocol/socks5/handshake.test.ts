import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes } from '../common/bytes.ts';
import { xorshift } from '../common/xorshift.fixture.ts';
import { Socks5Handshake, type Socks5Step, type Socks5Target } from './handshake.ts';
import { replyMeaning } from './replies.ts';

const hex = (text: string): Uint8Array => hexToBytes(text.replaceAll(' ', ''));
const target = (over: Partial<Socks5Target> = {}): Socks5Target => ({ host: 'pool.example', port: 3333, credentials: null, ...over });
/** The name `pool.example`. */
const NAME = '706f6f6c2e6578616d706c65';

/** Everything sent, and the last step. */
function run(handshake: Socks5Handshake, chunks: readonly Uint8Array[]): { sent: string; last: Socks5Step | null } {
  let sent = bytesToHex(handshake.greeting());
  let last: Socks5Step | null = null;
  for (const chunk of chunks) {
    last = handshake.receive(chunk);
    if (last.kind === 'more') sent += bytesToHex(last.send);
    else break;
  }
  return { sent, last };
}

describe('SOCKS5 handshake', () => {
  it('sends the name to the proxy and opens without authentication', () => {
    const { sent, last } = run(new Socks5Handshake(target()), [hex('05 00'), hex('05 00 00 01 00000000 0000')]);
    expect(sent).toBe(`050100` + `050100030c${NAME}0d05`);
    expect(last).toEqual({ kind: 'open', rest: new Uint8Array(0), authenticated: false });
  });

  it('gives user and password when the proxy wants them', () => {
    const { sent, last } = run(new Socks5Handshake(target({ credentials: { user: 'ab', password: 'xyz' } })), [hex('05 02'), hex('01 00'), hex('05 00 00 04' + '00'.repeat(16) + '0000')]);
    expect(sent).toBe('05020002' + '0102616203' + '78797a' + `050100030c${NAME}0d05`);
    expect(last).toMatchObject({ kind: 'open', authenticated: true });
  });

  it.each([
    ['10.1.2.3', '01' + '0a010203'],
    ['2001:db8::1', '04' + '20010db8000000000000000000000001'],
    ['::ffff:1.2.3.4', '04' + '00000000000000000000ffff01020304'],
    ['abc.onion', '03' + '09' + '6162632e6f6e696f6e'],
  ])('writes %s in its own form', (host, bytes) => {
    expect(run(new Socks5Handshake(target({ host })), [hex('05 00')]).sent).toBe(`050100` + `050100${bytes}0d05`);
  });

  it('hands on what came behind the answer', () => {
    const { last } = run(new Socks5Handshake(target()), [hex('0500'), hex('05 00 00 03 02 6162 1234 7b22')]);
    expect(last).toEqual({ kind: 'open', rest: hex('7b22'), authenticated: false });
  });

  it('opens the same way however the bytes are cut', () => {
    const answers = [...hex('05 02 01 00 05 00 00 03 04 61626364 1234 7b7d0a')];
    for (let cut = 1; cut <= answers.length; cut++) {
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < answers.length; at += cut) chunks.push(Uint8Array.from(answers.slice(at, at + cut)));
      const handshake = new Socks5Handshake(target({ credentials: { user: 'u', password: 'p' } }));
      let rest: Uint8Array | null = null;
      let sent = '';
      for (const chunk of chunks) {
        if (rest !== null) {
          rest = Uint8Array.of(...rest, ...chunk);
          continue;
        }
        const step = handshake.receive(chunk);
        if (step.kind === 'more') sent += bytesToHex(step.send);
        else if (step.kind === 'open') rest = step.rest;
      }
      expect([cut, rest && bytesToHex(rest)]).toEqual([cut, '7b7d0a']);
      if (cut < 4) expect(sent).toBe(`0101750170` + `050100030c${NAME}0d05`);
    }
  });

  it.each([
    ['an HTTP server', '48545450', 'proxy', /HTTP/],
    ['a SOCKS4 proxy', '005a', 'proxy', /SOCKS4/],
    ['no method', '05ff', 'proxy', /wants a user and password/],
    ['a method not offered', '0502', 'proxy', /not offered/],
    ['its rules', '0500 0502', 'proxy', /rules/],
    ['a refused connection', '0500 0505', 'target', /refused/],
    ['an unknown onion service', '0500 05f0', 'target', /onion service is not known/],
    ['an unknown code', '0500 0577', 'proxy', /code 119/],
    ['an unknown address type', '0500 0500000900', 'proxy', /address type 9/],
  ])('tells %s in words, and whose trouble it is', (_, answers, blame, words) => {
    const step = new Socks5Handshake(target()).receive(hex(answers));
    expect(step).toMatchObject({ kind: 'failed', blame, reason: expect.stringMatching(words) });
  });

  it('tells that the credentials were refused', () => {
    expect(new Socks5Handshake(target({ credentials: { user: 'u', password: 'p' } })).receive(hex('0502 0101'))).toMatchObject({ kind: 'failed', blame: 'proxy', reason: 'it refused the user and password' });
  });

  it('has words for every code', () => {
    for (let code = 1; code <= 255; code++) expect(replyMeaning(code).reason).not.toBe('');
  });

  it('knows when only the pool is waited for', () => {
    const handshake = new Socks5Handshake(target());
    expect(handshake.waitsForTarget).toBe(false);
    handshake.receive(hex('0500'));
    expect(handshake.waitsForTarget).toBe(true);
  });

  it.each([
    [{ host: 'a'.repeat(256) }, 'E_POOL_URL'],
    [{ host: 'pool\u0000.example' }, 'E_POOL_URL'],
    [{ host: 'fe80::1%eth0' }, 'E_POOL_URL'],
    [{ host: '' }, 'E_POOL_URL'],
    [{ port: 0 }, 'E_POOL_URL'],
    [{ credentials: { user: '', password: 'x' } }, 'E_POOL_PROXY'],
    [{ credentials: { user: 'x', password: 'y'.repeat(256) } }, 'E_POOL_PROXY'],
  ])('refuses what it cannot send: %o', (over, code) => {
    expect(() => new Socks5Handshake(target(over as Partial<Socks5Target>))).toThrow(expect.objectContaining({ code }));
  });

  it('never throws, never asks for more without end, whatever comes', () => {
    const random = xorshift(0x50c5);
    for (let round = 0; round < 20_000; round++) {
      const handshake = new Socks5Handshake(target({ credentials: random(2) === 0 ? null : { user: 'u', password: 'p' } }));
      let over = false;
      let fed = 0;
      while (!over && fed < 400) {
        const good = [5, 0, 1, 2, 3, 4];
        const chunk = Uint8Array.from({ length: 1 + random(40) }, () => (random(3) > 0 ? good[random(good.length)]! : random(256)));
        over = handshake.receive(chunk).kind !== 'more';
        fed += chunk.length;
      }
      expect(over).toBe(true);
      expect(handshake.receive(Uint8Array.of(5)).kind).toBe('failed');
    }
  });
});
