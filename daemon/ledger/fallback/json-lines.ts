const LF = 0x0a;
const SPACE = 0x20;
const BRACE = 0x7b;

/** A line of a log, or a stretch of it that is not JSON. */
export interface JsonLine {
  /** Bytes [start, end) of the file; the LF is part of a line. */
  readonly start: number;
  readonly end: number;
  /** What the line says, or why it says nothing. */
  readonly value: unknown;
}

/**
 * The lines of a file that a power cut may have left with gaps of NUL bytes, torn lines and noise. Empty lines and gaps
 * are passed over; lines that follow one another without making sense are one stretch.
 */
export function* jsonLines(bytes: Buffer): Iterable<JsonLine> {
  let bad: { start: number; end: number; value: Error } | null = null;
  for (let start = 0; start < bytes.length; ) {
    while (start < bytes.length && (bytes[start] as number) <= SPACE) start += 1;
    if (start >= bytes.length) break;
    const end = endOf(bytes, start);
    const value = parse(bytes, start, end);
    if (value instanceof Error) {
      if (bad === null) bad = { start, end, value };
      else bad.end = end;
    } else {
      if (bad !== null) yield bad;
      bad = null;
      yield { start, end, value };
    }
    start = end;
  }
  if (bad !== null) yield bad;
}

/** The end of the line: behind its LF, before a NUL, or the end of the file. */
function endOf(bytes: Buffer, start: number): number {
  let end = start;
  while (end < bytes.length && bytes[end] !== 0) if (bytes[end++] === LF) return end;
  return end;
}

function parse(bytes: Buffer, start: number, end: number): unknown {
  if (bytes[start] !== BRACE) return new Error('it is not JSON');
  if (bytes[end - 1] !== LF) return new Error('the line is not whole');
  try {
    return JSON.parse(bytes.toString('utf8', start, end)) as unknown;
  } catch {
    return new Error('it is not JSON');
  }
}
