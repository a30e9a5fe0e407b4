import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { bytesToHex, u32ToHex } from '../common/bytes.ts';
import { decodeLine } from './decode.ts';
import type { ResponseMessage } from './messages.ts';
import { isAccepted, readConfigureResult, readSubmitResult, readSubscribeResult } from './results.ts';

const decode = (message: unknown) => decodeLine(JSON.stringify(message));
const answer = (message: object) => decode(message) as ResponseMessage;

const NOTIFY = ['1b4c', 'ef4b9a48c7986466de4adc002f7337a6e121bc43000376ea0000000000000000', '0100', '00', ['ab'.repeat(32)], '20000004', '1705c739', '64495522', false];

describe('decodeLine', () => {
  it('reads a notify into header order and numbers', () => {
    const message = decode({ id: null, method: 'mining.notify', params: NOTIFY });
    if (message.kind !== 'notify') throw new Error(`got ${message.kind}`);
    expect(bytesToHex(message.job.prevHash)).toBe('489a4befa6647948'.slice(0, 8) + '666498c700dc4ade' + 'a637732f43bc21e1' + 'ea760300' + '0000000000000000');
    expect(message.job).toMatchObject({ jobId: '1b4c', version: 0x20000004, nbits: 0x1705c739, ntime: 0x64495522, cleanJobs: false });
    expect(message.job.networkTarget).toBe(0x05c739n << 160n);
  });

  it('finds clean_jobs as the last boolean, and takes it as false when it is left out', () => {
    const clean = (params: unknown[]) => {
      const message = decode({ method: 'mining.notify', params });
      return message.kind === 'notify' ? message.job.cleanJobs : message;
    };
    expect(clean([...NOTIFY.slice(0, 8), true])).toBe(true);
    expect(clean([...NOTIFY.slice(0, 8), '64495522', true])).toBe(true);
    expect(clean([...NOTIFY.slice(0, 8), true, 'extra'])).toBe(true);
    expect(clean(NOTIFY.slice(0, 8))).toBe(false);
  });

  it.each<[string, number, unknown]>([
    ['a prevhash of 63 digits', 1, '0'.repeat(63)],
    ['a prevhash that is not hex', 1, 'g'.repeat(64)],
    ['an odd coinb1', 2, '010'],
    ['a coinb2 that is a number', 3, 1],
    ['a coinbase above 256 KiB', 3, '00'.repeat(256 * 1024)],
    ['a branch that is a text', 4, 'ab'],
    ['a short branch entry', 4, ['ab']],
    ['33 branch entries', 4, Array.from({ length: 33 }, () => 'ab'.repeat(32))],
    ['a version of nine digits', 5, '120000004'],
    ['an empty nbits', 6, ''],
    ['a negative nbits', 6, '1d80ffff'],
    ['a zero nbits', 6, '00000000'],
    ['an ntime that is a number', 7, 1],
    ['a job id of 257 characters', 0, 'x'.repeat(257)],
    ['a job id that is an object', 0, {}],
  ])('drops a notify with %s and says whether work must stop', (_, index, value) => {
    const params: unknown[] = [...NOTIFY];
    params[index] = value;
    expect(decode({ method: 'mining.notify', params })).toMatchObject({ kind: 'malformed', method: 'mining.notify', cleanJobs: false });
    params[8] = true;
    expect(decode({ method: 'mining.notify', params })).toMatchObject({ kind: 'malformed', method: 'mining.notify', cleanJobs: true });
  });

  it.each(['', '\r', ' ', 'null', '[]', '1', '"x"', 'true', '{', 'HTTP/1.1 400 Bad Request', '{"id":1}', '{"method":7}', '{"id":1,"method":"mining.notify","params":{}}', '{}', '\u0000', '['.repeat(100_000)])(
    'calls %j malformed',
    (line) => {
      expect(decodeLine(line).kind).toBe('malformed');
    },
  );

  it.each([[[0]], [[-1]], [[]], [['x']], [[null]], [[{}]], [['NaN']], [['']]])('ignores set_difficulty %j', (params) => {
    expect(decode({ method: 'mining.set_difficulty', params })).toMatchObject({ kind: 'malformed', method: 'mining.set_difficulty' });
  });

  it('reads difficulties as numbers and numeric texts', () => {
    expect(decode({ method: 'mining.set_difficulty', params: [16383.75] })).toEqual({ kind: 'set_difficulty', difficulty: 16383.75 });
    expect(decode({ method: 'mining.set_difficulty', params: ['1e-4'] })).toEqual({ kind: 'set_difficulty', difficulty: 0.0001 });
  });

  it('reads extranonces within their limits', () => {
    expect(decode({ method: 'mining.set_extranonce', params: ['', 8] })).toMatchObject({ kind: 'set_extranonce', extranonce: { extranonce2Size: 8 } });
    for (const params of [['abc', 4], ['deadbeef', 100], ['deadbeef', -1], ['deadbeef', 1.5], ['deadbeef'], ['00'.repeat(33), 4], []]) {
      expect(decode({ method: 'mining.set_extranonce', params }).kind, JSON.stringify(params)).toBe('malformed');
    }
  });

  it('reads client.reconnect with ports as numbers or texts, and bounds the wait', () => {
    const read = (...params: unknown[]) => decode({ id: null, method: 'client.reconnect', params });
    expect(read()).toEqual({ kind: 'reconnect', host: null, port: null, tls: null, waitS: 0 });
    expect(read('', 0)).toMatchObject({ kind: 'reconnect', host: null, port: null });
    expect(read('eu.pool.example', '3334', 0)).toEqual({ kind: 'reconnect', host: 'eu.pool.example', port: 3334, tls: null, waitS: 0 });
    expect(read('stratum+tcp://pool.example', 3334, 1e9)).toEqual({ kind: 'reconnect', host: 'pool.example', port: 3334, tls: false, waitS: 600 });
    expect(read('stratum+ssl://pool.example', 3334, -5)).toMatchObject({ tls: true, waitS: 0 });
    for (const params of [[1, 2, 3], ['a b', 1], ['pool.example', 70000], ['pool.example', 'x']]) expect(read(...params).kind).toBe('malformed');
  });

  it('never pairs a notification that carries an id', () => {
    expect(decode({ id: 1, method: 'mining.set_version_mask', params: ['1FFFE000'] })).toEqual({ kind: 'set_version_mask', mask: 0x1fffe000 });
    expect(decode({ id: 42, method: 'mining.ping', params: [] })).toEqual({ kind: 'ping', id: 42 });
    expect(decode({ id: 99, method: 'mining.unheard_of', params: {} })).toEqual({ kind: 'unknown_method', method: 'mining.unheard_of', id: 99 });
  });

  it('removes what could harm a terminal from messages', () => {
    const show = (text: string) => decode({ method: 'client.show_message', params: [text] });
    expect(show('\u001b[31mred\u0007')).toEqual({ kind: 'show_message', text: '[31mred' });
    expect(show('a\u202eb\u2028c\u0085d\ud800e')).toEqual({ kind: 'show_message', text: 'abcde' });
    expect(show('x'.repeat(10_000))).toMatchObject({ text: `${'x'.repeat(499)}\u2026` });
  });
});

describe('answers', () => {
  it.each<[object, object]>([
    [{ id: 1, result: true, error: null }, { status: 'accepted' }],
    [{ id: 1, result: { status: 'OK' }, error: null }, { status: 'accepted' }],
    [{ id: 1, result: true, error: [] }, { status: 'accepted' }],
    [{ id: 1, result: null, error: [21, 'Job not found', ''] }, { status: 'stale', code: 21, reason: 'Job not found' }],
    [{ id: 1, result: false, error: 'Stale' }, { status: 'stale', code: null, reason: 'Stale' }],
    [{ id: 1, error: { code: 22, message: 'duplicate share', data: null } }, { status: 'duplicate', code: 22, reason: 'duplicate share' }],
    [{ id: 1, result: false, error: null, 'reject-reason': 'Above target 2' }, { status: 'low_difficulty', code: null, reason: 'Above target 2' }],
    [{ id: 1, result: false, error: null }, { status: 'rejected', code: null, reason: 'refused without a reason' }],
    [{ id: 1, result: null, error: null }, { status: 'rejected', code: null }],
    [{ id: 1, result: false, error: [20, 'unknown-work', null] }, { status: 'stale', code: 20 }],
    [{ id: 1, result: false, error: [20, 'Ntime out of range', null] }, { status: 'rejected', code: 20, reason: 'Ntime out of range' }],
    [{ id: 1, result: false, error: [23, 'H-not-zero', null] }, { status: 'low_difficulty', code: 23 }],
    [{ id: 1, result: false, error: [24, 'Unauthorized worker', null] }, { status: 'unauthorized', code: 24 }],
    [{ id: 1, result: false, error: ['22', 'Dup'] }, { status: 'duplicate', code: 22 }],
    [{ id: 1, result: false, error: 21 }, { status: 'stale', code: 21 }],
    [{ id: 1, result: null, error: { message: 'high-hash' } }, { status: 'low_difficulty', code: null }],
    [{ id: 1, result: true, error: [20, 'odd'] }, { status: 'rejected', code: 20 }],
    [{ id: 1, result: 'true', error: null }, { status: 'rejected', code: null }],
  ])('reads the verdict of %j', (line, expected) => {
    expect(readSubmitResult(answer(line))).toMatchObject(expected);
  });

  it('takes a session id only when it can be sent back', () => {
    const session = (subscriptions: unknown) => readSubscribeResult(answer({ id: 1, result: [subscriptions, 'aa', 4] }));
    expect(session([['mining.set_difficulty', 'd'], ['mining.notify', 'n']])).toMatchObject({ value: { sessionId: 'n' } });
    expect(session(['mining.notify', 'single'])).toMatchObject({ value: { sessionId: 'single' } });
    expect(session([])).toMatchObject({ value: { sessionId: null } });
    expect(session([['mining.notify', 'quote"']])).toMatchObject({ value: { sessionId: null } });
    expect(session([['mining.notify', 'x'.repeat(257)]])).toMatchObject({ value: { sessionId: null } });
    expect(session(null)).toMatchObject({ value: { sessionId: null } });
    expect(readSubscribeResult(answer({ id: 1, result: null, error: [20, 'Not now'] }))).toEqual({ reason: 'Not now' });
  });
});

interface MessageVector {
  line: string;
  kind: string;
  expect: Record<string, unknown>;
}

/** What the decoder and the result readers together make of a line, in the words of the vectors. */
function observe(vector: MessageVector): Record<string, unknown> {
  const message = decodeLine(vector.line);
  switch (message.kind) {
    case 'notify':
      return { method: 'mining.notify', job_id: message.job.jobId, clean_jobs: message.job.cleanJobs, version: message.job.version };
    case 'set_difficulty':
      return { method: 'mining.set_difficulty', difficulty: message.difficulty };
    case 'set_version_mask':
      return { method: 'mining.set_version_mask', mask: u32ToHex(message.mask) };
    case 'set_extranonce':
      return { method: 'mining.set_extranonce', extranonce1: bytesToHex(message.extranonce.extranonce1), extranonce2_size: message.extranonce.extranonce2Size };
    case 'show_message':
      return { method: 'client.show_message', text: message.text };
    case 'reconnect':
      return { method: 'client.reconnect', host: message.host, port: message.port, wait: message.waitS };
    case 'ping':
      return { method: 'mining.ping' };
    case 'get_version':
      return { method: 'client.get_version' };
    case 'response': {
      if (vector.kind === 'subscribe-result') {
        const subscribe = readSubscribeResult(message);
        if ('reason' in subscribe) return subscribe;
        const { extranonce1, extranonce2Size, sessionId } = subscribe.value;
        return { extranonce1: bytesToHex(extranonce1), extranonce2_size: extranonce2Size, session: sessionId };
      }
      if (vector.kind === 'configure-result') {
        const { versionMask, minimumDifficulty } = readConfigureResult(message);
        return { version_rolling: versionMask !== null, mask: versionMask === null ? null : u32ToHex(versionMask), minimum_difficulty: minimumDifficulty };
      }
      return { accepted: isAccepted(message), code: message.error?.code ?? null, message: message.error?.message ?? null };
    }
    default:
      return message as unknown as Record<string, unknown>;
  }
}

describe('external message vectors', () => {
  it('decodes every line as expected', (context) => {
    const { vectors } = loadVectors<{ vectors: MessageVector[] }>(context, 'stratum/v1_messages.json');
    for (const vector of vectors) {
      const message = decodeLine(vector.line);
      switch (vector.kind) {
        case 'malformed':
        case 'invalid-params':
          expect(message.kind, vector.line).toBe('malformed');
          break;
        case 'unknown-method':
        // Requests of a miner to a server mean nothing to a client; they must only do no harm.
        case 'server-request':
        case 'server-request-invalid':
          expect(message.kind, vector.line).toBe('unknown_method');
          break;
        case 'bad-subscribe-result':
          expect(readSubscribeResult(message as ResponseMessage), vector.line).toHaveProperty('reason');
          break;
        default:
          expect(observe(vector), vector.line).toMatchObject(vector.expect);
      }
    }
    expect(vectors.length).toBeGreaterThan(0);
  });
});
