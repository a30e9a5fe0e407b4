/** Sessions of the client against mutated lines: what must hold after each of them. */
import { expect } from 'vitest';
import { LIMITS } from './limits.ts';
import type { ClientOutput } from './outputs.ts';
import { AUTHORIZE_ANSWER, MASK_ANSWER, notifyLine, only, SUBSCRIBE_ANSWER, TestClient } from './client.fixture.ts';
import { mutate, type Random } from './fuzz.fixture.ts';

/** Lines as pools send them. */
export const POOL_LINES: readonly string[] = [
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
  { id: 7, result: false, error: null, 'reject-reason': 'Above target 2' },
].map((line) => JSON.stringify(line));

/** Every line a server sent in a recorded session, and single lines from issue threads. */
export function recordedLines(load: <T>(name: string) => T): string[] {
  const transcripts = load<{ vectors: { lines: { dir: string; line: string }[] }[] }>('stratum/v1_transcripts.json');
  const messages = load<{ vectors: { line: string }[] }>('stratum/v1_messages.json');
  const lines = [...transcripts.vectors.flatMap(({ lines }) => lines.filter(({ dir }) => dir === 's2c')), ...messages.vectors].map(({ line }) => line);
  expect(lines.length).toBeGreaterThan(50);
  return lines;
}

export interface FuzzCounts {
  lines: number;
  sessions: number;
  jobs: number;
  /** Sessions that were ended by what came in. */
  closed: number;
  warnings: number;
}

/** Runs sessions until so many lines have gone in. @param lines what the mutations start from */
export function fuzzClient(lines: readonly string[], count: number, random: Random): FuzzCounts {
  const counts: FuzzCounts = { lines: 0, sessions: 0, jobs: 0, closed: 0, warnings: 0 };
  while (counts.lines < count) runSession(lines, Math.min(60, count - counts.lines), random, counts);
  expect(Object.keys(Object.prototype)).toEqual([]);
  return counts;
}

function runSession(lines: readonly string[], count: number, random: Random, counts: FuzzCounts): void {
  const t = new TestClient({ subscribeExtranonce: random() < 0.5, suggestDifficulty: 1 });
  const all: ClientOutput[] = [];
  const take = (outputs: readonly ClientOutput[]): void => void all.push(...outputs);
  take(t.connect());
  if (random() < 0.7) take(t.feed(MASK_ANSWER, SUBSCRIBE_ANSWER, AUTHORIZE_ANSWER, notifyLine('first')));
  for (let sent = 0; sent < count; ) {
    const batch = Math.min(count - sent, 1 + Math.floor(random() * 6));
    const stream = Buffer.concat(Array.from({ length: batch }, () => [mutate(lines, random), Buffer.from(random() < 0.1 ? '\r\n' : '\n')]).flat());
    sent += batch;
    counts.lines += batch;
    for (let at = 0; at < stream.length; ) {
      // Mostly like TCP, now and then byte by byte.
      const size = random() < 0.05 ? 1 : 1 + Math.floor(random() * 1400);
      take(t.client.receive(stream.subarray(at, at + size), t.now));
      at += size;
    }
    if (random() < 0.3) take(t.submit(1 + Math.floor(random() * 4), `s${sent}`));
    // Slow enough for garbage not to end every session at its twentieth line.
    take(t.advance(Math.floor(random() * 15_000)));
    if (t.client.phase === 'closed') break;
  }
  counts.sessions += 1;
  counts.jobs += only(all, 'job').length;
  counts.warnings += only(all, 'warning').length;
  checkOutputs(all);
  if (t.client.phase === 'closed') counts.closed += 1;
  else checkAlive(t);
  checkEnd(t);
}

/** What must hold of every list of outputs, whatever the pool sent. Plain comparisons: there are millions. */
function checkOutputs(outputs: readonly ClientOutput[]): void {
  let ended: string | null = null;
  for (const output of outputs) {
    // Shares that come later are withheld.
    if (ended !== null && output.type !== 'status' && output.type !== 'verdict') expect.unreachable(`${output.type} after the end of the session`);
    switch (output.type) {
      case 'send':
        if (!output.line.endsWith('\n') || Buffer.byteLength(output.line) > LIMITS.outgoingLineBytes) expect.unreachable('a line no pool takes');
        break;
      case 'job':
        checkJob(output.job);
        break;
      case 'close':
        if (output.reason === '' || output.reason.length > 2 * LIMITS.textChars) expect.unreachable(`a close for the reason "${output.reason}"`);
        ended = output.reason;
        break;
      case 'reconnect':
        // Only within the pool's own domain.
        if (output.host !== null && !/(^|\.)pool\.example\.?$/i.test(output.host)) expect.unreachable(`sent to ${output.host}`);
        ended = 'reconnect';
        break;
      case 'warning':
      case 'message':
        if (output.text === '' || output.text.length > 2 * LIMITS.textChars || /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.test(output.text)) expect.unreachable(`a text not fit for a terminal: ${JSON.stringify(output.text)}`);
    }
  }
}

function checkJob(job: Extract<ClientOutput, { type: 'job' }>['job']): void {
  if (job.prevHash.length !== 32 || job.merkleBranch.length > 32 || job.networkTarget <= 0n || job.shareTarget < 0n || !(job.difficulty > 0)) expect.unreachable('an impossible job');
  if (job.extranonce1.length > 32 || job.extranonce2Size > 32 || (job.versionMask & ~0x1fffe000) !== 0) expect.unreachable('an impossible extranonce or mask');
}

/** A session that has not ended still answers. */
function checkAlive(t: TestClient): void {
  const outputs = t.feed('', { id: 77, method: 'mining.ping', params: [] });
  if (t.client.phase !== 'closed' && !only(outputs, 'send').some(({ line }) => line.includes('"pong"'))) expect.unreachable('the session goes on, but does not answer');
}

function checkEnd(t: TestClient): void {
  t.advance(200_000);
  t.client.disconnected('end');
  t.client.hints();
  if (t.client.phase !== 'closed' || t.client.nextDeadline() !== null) expect.unreachable('something is still waited for after the end');
}
