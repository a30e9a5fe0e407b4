import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from './limits.ts';
import { decodeLine } from './decode.ts';
import type { ClientOutput } from './outputs.ts';
import { AUTHORIZE_ANSWER, MASK_ANSWER, notifyLine, only, SUBSCRIBE_ANSWER, TestClient } from './client.fixture.ts';

/** Lines as pools send them; what a mutation starts from. */
const REAL_LINES: readonly string[] = [
  MASK_ANSWER,
  SUBSCRIBE_ANSWER,
  AUTHORIZE_ANSWER,
  notifyLine('6b00b4ee00000001', { clean: true }),
  notifyLine('2', { prev: '5b' }),
  { id: null, method: 'mining.notify', params: ['bf', '4d16b6f85af6e2198f44ae2a6de67f78487ae5611b77c6c0440b921e00000000', '01', '02', ['ab'.repeat(32), 'cd'.repeat(32)], '00000002', '1c2ac4af', '504e86b9', false] },
  { params: [0.0001], id: null, method: 'mining.set_difficulty' },
  { id: null, method: 'mining.set_extranonce', params: ['08000003', 6] },
  { id: 1, method: 'mining.set_version_mask', params: ['00ffe000'] },
  { id: null, method: 'client.reconnect', params: ['eu.pool.example', '3334', 0] },
  { id: null, method: 'client.show_message', params: ['\u001b[31mred\u0007'] },
  { id: 42, method: 'mining.ping', params: [] },
  { id: 'x', method: 'client.get_version', params: [] },
  { result: true, error: null, id: 4 },
  { id: 5, result: null, error: [21, 'Job not found', ''] },
  { jsonrpc: '2.0', error: { code: 22, message: 'duplicate share', data: null }, id: 6 },
  { result: false, error: 'Stale', id: '4' },
  { id: 6, error: 'Invalid job_id' },
].map((line) => JSON.stringify(line));

const ODD_VALUES = ['null', 'true', '-1', '1e999', '0.5', '""', '"\\u0000"', '"zz"', '[]', '{}', '[[[]]]', '{"__proto__":{"id":1}}', '9007199254740993', '"ab"', '"\\ud800"'];

interface Mutation {
  readonly line: number;
  readonly kind: number;
  readonly a: number;
  readonly b: number;
}

/** Replaces the n-th value of a line by an odd one, keeping the line JSON. */
function replaceValue(line: string, n: number, odd: string): string {
  const values = [...line.matchAll(/"(?:[^"\\]|\\.)*"(?!\s*:)|-?\d+(?:\.\d+)?|true|false|null/g)];
  const value = values[n % Math.max(1, values.length)];
  return value === undefined ? line : line.slice(0, value.index) + odd + line.slice(value.index + value[0].length);
}

function mutate({ line, kind, a, b }: Mutation): string {
  const text = REAL_LINES[line % REAL_LINES.length]!;
  const at = a % (text.length + 1);
  const end = Math.min(text.length, at + (b % 24));
  const other = REAL_LINES[b % REAL_LINES.length]!;
  switch (kind % 8) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + String.fromCharCode(b % 0x250) + text.slice(at + 1);
    case 2:
      return text.slice(0, at) + text.slice(end);
    case 3:
      return text.slice(0, end) + text.slice(at);
    case 4:
      return text.slice(0, at) + other.slice(b % other.length);
    case 5:
    case 6:
      return replaceValue(text, a, ODD_VALUES[b % ODD_VALUES.length]!);
    default:
      return text;
  }
}

/** What must hold of every list of outputs, whatever the pool sent. */
function check(outputs: readonly ClientOutput[]): void {
  for (const { line } of only(outputs, 'send')) if (Buffer.byteLength(line) > LIMITS.outgoingLineBytes) expect.unreachable('a line no pool takes');
  for (const { job } of only(outputs, 'job')) {
    if (job.prevHash.length !== 32 || job.merkleBranch.length > 32 || job.networkTarget <= 0n || job.shareTarget < 0n || !(job.difficulty > 0)) expect.unreachable('an impossible job');
    if (job.extranonce1.length > 32 || job.extranonce2Size > 32 || ((job.versionMask & ~0x1fffe000) !== 0)) expect.unreachable('an impossible extranonce or mask');
  }
  const closed = outputs.findIndex(({ type }) => type === 'close' || type === 'reconnect');
  if (closed >= 0) expect(outputs.slice(closed + 1).map(({ type }) => type)).toEqual(['status']);
}

const LINES_PER_RUN = 8;
const RUNS = 13_000;

describe('robustness', () => {
  it('survives more than 100,000 mutated lines in random cuts: splitter, decoder and client never throw', () => {
    // Without fast-check's preference for small numbers, which would use the first lines only.
    const nat = fc.noBias(fc.nat({ max: 0xffff }));
    const mutation = fc.record({ line: nat, kind: nat, a: nat, b: nat });
    const run = fc.record({
      mutations: fc.array(mutation, { minLength: LINES_PER_RUN, maxLength: LINES_PER_RUN }),
      cuts: fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 3, maxLength: 12 }),
      handshake: fc.integer({ min: 0, max: 5 }),
    });
    let lines = 0;
    let cuts = 0;
    let jobs = 0;
    const encoder = new TextEncoder();
    fc.assert(
      fc.property(run, ({ mutations, cuts: sizes, handshake }) => {
        const t = new TestClient({ subscribeExtranonce: true, suggestDifficulty: 1 });
        if (handshake > 0) t.connect();
        if (handshake > 1) t.feed(MASK_ANSWER, SUBSCRIBE_ANSWER, AUTHORIZE_ANSWER, notifyLine('first'));
        if (handshake === 0) check(t.connect());
        const texts = mutations.map(mutate);
        for (const text of texts) decodeLine(text);
        const stream = encoder.encode(`${texts.join('\n')}\n`);
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = sizes[i % sizes.length]!;
          t.now += size;
          const outputs = t.client.receive(stream.subarray(at, at + size), t.now);
          check(outputs);
          jobs += only(outputs, 'job').length;
          check(t.submit(1 + (i % 3), `s${i}`));
          at += size;
          cuts += 1;
        }
        lines += texts.length;
        check(t.advance(200_000));
        t.client.disconnected('end');
        t.client.hints();
        expect(t.client.nextDeadline()).toBeNull();
      }),
      { numRuns: RUNS },
    );
    expect(lines).toBeGreaterThan(100_000);
    expect(cuts).toBeGreaterThan(RUNS);
    // The mutations are mild enough for work to come through: it is not always the first check that stops a line.
    expect(jobs).toBeGreaterThan(RUNS / 10);
  }, 60_000);

  it('decodes any text to a message', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.json({ maxDepth: 3 })), (text) => void decodeLine(text)), { numRuns: 500 });
  });
});
