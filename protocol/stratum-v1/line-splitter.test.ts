import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter } from './line-splitter.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('LineSplitter', () => {
  it('returns the same lines however the stream is cut', () => {
    const text = 'one\ntwo\r\n\n{"a":"ä€𝄞"}\nlast without end';
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 })), (cuts) => {
        const splitter = new LineSplitter();
        const stream = bytes(text);
        const lines: string[] = [];
        let at = 0;
        for (const cut of [...cuts, stream.length]) {
          lines.push(...splitter.push(stream.subarray(at, at + cut)).lines);
          at += cut;
        }
        expect(lines).toEqual(['one', 'two', '', '{"a":"ä€𝄞"}']);
      }),
    );
  });

  it('keeps a copy: the caller may reuse its buffer', () => {
    const splitter = new LineSplitter();
    const buffer = bytes('abc');
    splitter.push(buffer);
    buffer.fill(0x7a);
    expect(splitter.push(bytes('\n')).lines).toEqual(['abc']);
  });

  it('takes a line of exactly the limit and overflows one byte above it, for good', () => {
    const splitter = new LineSplitter(10, 5);
    expect(splitter.push(bytes('0123456789\n'))).toEqual({ lines: ['0123456789'], longLineBytes: 10, overflow: false });
    expect(splitter.push(bytes('01234'))).toEqual({ lines: [], longLineBytes: null, overflow: false });
    expect(splitter.push(bytes('567890'))).toEqual({ lines: [], longLineBytes: null, overflow: true });
    expect(splitter.push(bytes('fine\n'))).toEqual({ lines: [], longLineBytes: null, overflow: true });
  });

  it('returns the good lines before an overflow in the same chunk', () => {
    expect(new LineSplitter(4).push(bytes('ok\nmuch too long\n'))).toMatchObject({ lines: ['ok'], overflow: true });
  });

  it('replaces bytes that are not UTF-8', () => {
    expect(new LineSplitter().push(Uint8Array.of(0x61, 0xff, 0x62, 0x0a)).lines).toEqual(['a\ufffdb']);
  });
});
