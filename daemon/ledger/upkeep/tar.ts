/*
 * POSIX ustar, as much of it as an archive of the tree needs: regular files with relative names. Layout of the 512-byte
 * header: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html
 */

const BLOCK = 512;
const END = Buffer.alloc(2 * BLOCK);
const MAX_SIZE = 0o77777777777;

export interface TarEntry {
  /** Relative, with `/`. */
  readonly path: string;
  readonly bytes: number;
  readonly mtimeMs: number;
}

/** The header of one file. @throws Error for a name or size that does not fit */
export function tarHeader({ path, bytes, mtimeMs }: TarEntry): Buffer {
  if (bytes > MAX_SIZE) throw new Error(`${path} is too large for a tar archive`);
  const header = Buffer.alloc(BLOCK);
  const { prefix, name } = splitName(path);
  header.write(name, 0);
  header.write(octal(0o644, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(bytes, 12), 124);
  header.write(octal(Math.max(0, Math.floor(mtimeMs / 1000)), 12), 136);
  // The checksum is that of the header with spaces in its own place.
  header.write(' '.repeat(8), 148);
  header.write('0', 156);
  header.write('ustar\u000000', 257);
  header.write(prefix, 345);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\u0000 `, 148);
  return header;
}

/** What follows a file's content so that the next header begins a block. */
export function tarPadding(bytes: number): Buffer {
  return Buffer.alloc((BLOCK - (bytes % BLOCK)) % BLOCK);
}

/** The end of an archive. */
export function tarEnd(): Buffer {
  return END;
}

/**
 * The files of an archive, each with its content in pieces.
 * @throws Error when it is not an archive, or is cut short
 */
export async function readTar(chunks: AsyncIterable<Buffer>, onFile: (entry: Pick<TarEntry, 'path' | 'bytes'>) => { data(piece: Buffer): void; end(): void }): Promise<void> {
  let pending: Buffer = Buffer.alloc(0);
  let current: { left: number; padding: number; sink: ReturnType<typeof onFile> } | null = null;
  let ended = false;
  for await (const chunk of chunks) {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    while (!ended) {
      if (current !== null) {
        const piece = pending.subarray(0, current.left);
        if (piece.length > 0) current.sink.data(piece);
        current.left -= piece.length;
        pending = pending.subarray(piece.length);
        if (current.left > 0 || pending.length < current.padding) break;
        pending = pending.subarray(current.padding);
        current.sink.end();
        current = null;
      }
      if (pending.length < BLOCK) break;
      const header = pending.subarray(0, BLOCK);
      pending = pending.subarray(BLOCK);
      if (header.every((byte) => byte === 0)) {
        ended = true;
        break;
      }
      const entry = parseHeader(header);
      const sink = onFile(entry);
      current = { left: entry.bytes, padding: (BLOCK - (entry.bytes % BLOCK)) % BLOCK, sink };
    }
    if (ended) pending = Buffer.alloc(0);
  }
  if (!ended) throw new Error('the archive is cut short');
}

function parseHeader(header: Buffer): { path: string; bytes: number } {
  const sum = Number.parseInt(textAt(header, 148, 8), 8);
  const counted = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
  if (sum !== counted) throw new Error('a header of the archive is damaged');
  const prefix = textAt(header, 345, 155);
  const name = textAt(header, 0, 100);
  return { path: prefix === '' ? name : `${prefix}/${name}`, bytes: Number.parseInt(textAt(header, 124, 12), 8) };
}

function textAt(header: Buffer, from: number, length: number): string {
  const field = header.subarray(from, from + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end).trim();
}

/** A name has 100 bytes, and what comes before one of its slashes 155 more. */
function splitName(path: string): { prefix: string; name: string } {
  if (Buffer.byteLength(path) <= 100) return { prefix: '', name: path };
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    const prefix = path.slice(0, slash);
    const name = path.slice(slash + 1);
    if (Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(name) <= 100 && name !== '') return { prefix, name };
  }
  throw new Error(`the name ${path} is too long for a tar archive`);
}

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\u0000`;
}
