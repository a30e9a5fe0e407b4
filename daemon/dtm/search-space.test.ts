import { expect, test } from 'vitest';
import { makeJob } from '../mining/mining.fixture.ts';
import { SearchSpace, piecesOf } from './search-space.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test('every piece of a job is different', () => {
  const space = new SearchSpace();
  const job = makeJob({ extranonce2Size: 2 });
  const seen = new Set<string>();
  for (let i = 0; i < 65_536; i++) {
    const piece = space.next(job);
    seen.add(hex(piece!.extranonce2));
  }
  expect(seen.size).toBe(65_536);
  expect(space.next(job)).toBeNull();
});

test('extranonce2 counts on from job to job, filled from the left', () => {
  const space = new SearchSpace();
  expect(hex(space.next(makeJob({ key: 'a' }))!.extranonce2)).toBe('00000000');
  expect(hex(space.next(makeJob({ key: 'a' }))!.extranonce2)).toBe('01000000');
  expect(hex(space.next(makeJob({ key: 'b' }))!.extranonce2)).toBe('02000000');
});

test('another extranonce1 starts the count anew', () => {
  const space = new SearchSpace();
  space.next(makeJob());
  expect(hex(space.next(makeJob({ key: 'n', extranonce1: Uint8Array.of(1) }))!.extranonce2)).toBe('00000000');
});

test('neither a while on another pool nor a resumed session deals the same pieces out again', () => {
  const space = new SearchSpace();
  space.next(makeJob());
  space.next(makeJob({ sourceId: 'backup', key: 'b', extranonce1: Uint8Array.of(9) }));
  expect(hex(space.next(makeJob({ key: 'c' }))!.extranonce2)).toBe('01000000');
  expect(hex(space.next(makeJob({ key: 'd', session: 2 }))!.extranonce2)).toBe('02000000');
  expect(hex(space.next(makeJob({ sourceId: 'backup', key: 'e', extranonce1: Uint8Array.of(9) }))!.extranonce2)).toBe('01000000');
});

test('a one-byte extranonce2 is used up after 256 pieces, and a new job gives 256 more', () => {
  const space = new SearchSpace();
  for (let i = 0; i < 256; i++) expect(space.next(makeJob({ extranonce2Size: 1 }))).not.toBeNull();
  expect(space.next(makeJob({ extranonce2Size: 1 }))).toBeNull();
  expect(space.next(makeJob({ key: 'next', extranonce2Size: 1 }))).not.toBeNull();
});

test('a job that is come back to after a turn of another pool goes on where it was left, and is used up once', () => {
  const space = new SearchSpace();
  const seen = new Set<string>();
  for (let i = 0; i < 256; i++) {
    seen.add(hex(space.next(makeJob({ extranonce2Size: 1 }))!.extranonce2));
    space.next(makeJob({ key: `other${i % 8}`, sourceId: 'other' }));
  }
  expect(seen.size).toBe(256);
  expect(space.next(makeJob({ extranonce2Size: 1 }))).toBeNull();
});

test('without extranonce2 the nonce range is cut into disjoint windows that cover it', () => {
  const space = new SearchSpace();
  const job = makeJob({ extranonce2Size: 0 });
  let from = 0;
  for (let i = 0; i < piecesOf(0); i++) {
    const piece = space.next(job)!;
    expect(piece.nonceFrom).toBe(from);
    from = piece.nonceTo + 1;
  }
  expect(from).toBe(2 ** 32);
  expect(space.next(job)).toBeNull();
});
