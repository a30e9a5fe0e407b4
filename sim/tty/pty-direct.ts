/**
 * A pty that Node itself reads and writes: no process beside it. /dev/ptmx needs no more than an open, but unlocking the other
 * end, making it raw and not letting a full one block the writer are calls Node does not have; perl, which is on nearly every Linux,
 * does them once on the open file and ends.
 */
import { spawn } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { ReadStream } from 'node:tty';
import { PTY_BAUD, type Pty, type PtyEvents } from './pty-contract.ts';
import { watchSpeed } from './speeds.ts';

/**
 * Numbers of Linux on x86, ARM and RISC-V (asm-generic): TIOCSPTLCK, TCGETS2, TCSETS2, F_SETFL. Elsewhere they fail or the tty does not
 * come out as asked, and socat is used. Flags: raw, 8N1, no modem lines, one byte at a time.
 */
const SETUP = `
my $unlock = pack("i", 0); ioctl(STDIN, 0x40045431, $unlock) or exit 1;
my $t = "\\0" x 64; ioctl(STDIN, 0x802c542a, $t) or exit 2;
my @cc = unpack("C19", substr($t, 17, 19)); @cc[5, 6] = (0, 1);
my $raw = pack("L4 C C19 L2", 0, 0, 0x18b2, 0, 0, @cc, $ARGV[0], $ARGV[0]);
ioctl(STDIN, 0x402c542b, $raw) or exit 3;
fcntl(STDIN, 4, 2050) or exit 4;`;
const DEADLINE_MS = 5000;

/** @returns null where it cannot be done this way */
export async function openDirectPty({ onData, onLost, onSpeed }: PtyEvents): Promise<Pty | null> {
  const master = openMaster();
  if (master === null) return null;
  const { fd, path } = master;
  let stream: ReadStream;
  try {
    stream = new ReadStream(fd);
  } catch {
    closeSync(fd);
    return null;
  }
  const ended = new Promise<void>((resolve) => stream.once('close', () => resolve()));
  let closing: Promise<void> | null = null;
  // A tty that nobody had open for a moment reads as an error; it is held open, so that this means its end.
  stream.on('error', () => stream.destroy());
  let held: FileHandle | null = null;
  try {
    if (!(await setUp(fd))) throw new Error('no pty');
    // Held open, so that the tty outlives each of its users.
    held = await open(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  } catch {
    stream.destroy();
    await ended;
    return null;
  }
  const holder = held;
  const unwatch = onSpeed ? watchSpeed(path, onSpeed) : (): void => undefined;
  const close = async (): Promise<void> => {
    unwatch();
    stream.destroy();
    await ended;
    await holder.close();
  };
  stream.on('data', (bytes: Buffer) => onData(bytes));
  void ended.then(async () => {
    if (closing !== null) return;
    closing = close();
    await closing;
    onLost();
  });
  return {
    path,
    write(bytes) {
      if (closing !== null) return;
      try {
        writeSync(fd, bytes);
      } catch {
        // Full: nobody reads.
      }
    },
    close: () => (closing ??= close()),
  };
}

function openMaster(): { fd: number; path: string } | null {
  try {
    const fd = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
    const index = /^tty-index:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
    if (index !== undefined) return { fd, path: `/dev/pts/${index}` };
    closeSync(fd);
  } catch {
    // No /dev/ptmx, or an old kernel.
  }
  return null;
}

/** @returns whether it is as it has to be; above all that writing to it cannot block */
function setUp(fd: number): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn('perl', ['-e', SETUP, String(PTY_BAUD)], { stdio: [fd, 'ignore', 'ignore'], timeout: DEADLINE_MS });
    child.once('error', () => resolve(false));
    child.once('close', (code) => resolve(code === 0 && nonBlocking(fd)));
  });
}

function nonBlocking(fd: number): boolean {
  const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & constants.O_NONBLOCK) !== 0;
}
