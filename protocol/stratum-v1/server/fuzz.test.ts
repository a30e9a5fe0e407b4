import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../../test/vectors.ts';
import { fuzzSessions } from './fuzz.fixture.ts';
import { MINER_LINES } from './fuzz-lines.fixture.ts';

describe('the server and any line', () => {
  it('answers every request once, accepts nothing but shares, and never throws: 20,000 lines', () => {
    const before = Object.getOwnPropertyNames(Object.prototype).sort();
    const counts = fuzzSessions(20_000, 0x5eed1, MINER_LINES);
    // It is not always the first check that stops a line: shares come through, and every kind of answer was given.
    expect(counts.accepted).toBeGreaterThan(500);
    expect(counts.refused).toBeGreaterThan(500);
    expect(counts.closed).toBeGreaterThan(100);
    for (const kind of ['true', 'other', '20', '21', '22', '24', '-3', '-32600']) expect(counts.answers[kind], kind).toBeGreaterThan(0);
    expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(before);
  }, 30_000);

  it('does so with captured lines, too', (context) => {
    const { vectors } = loadVectors<{ vectors: { lines: { dir: string; line: string }[] }[] }>(context, 'stratum/v1_transcripts.json');
    const messages = loadVectors<{ vectors: { line: string }[] }>(context, 'stratum/v1_messages.json');
    const captured = vectors.flatMap(({ lines }) => lines.filter(({ dir }) => dir === 'c2s').map(({ line }) => line));
    const lines = [...captured, ...messages.vectors.map(({ line }) => line)].filter((line) => typeof line === 'string' && !line.includes('\n'));
    expect(captured.length).toBeGreaterThan(20);
    expect(fuzzSessions(20_000, 0x5eed2, lines).lines).toBeGreaterThanOrEqual(20_000);
  }, 30_000);
});
