/**
 * Speeds that users have set on ttys. A tty has no wire whose speed could be wrong, but it keeps what it was told; nothing tells
 * when that changes, so one small perl process for all of them looks fifty times a second.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** TCGETS2, as in pty-direct.ts: the speed out is the last of its 44 bytes. Ends with its standard input. */
const WATCH = `
use Fcntl; my (%seen, $text); my $in = ""; vec($in, 0, 1) = 1;
while (1) {
  my $ready = $in;
  if (select($ready, undef, undef, 0.02) > 0) {
    sysread(STDIN, my $chunk, 4096) or exit 0; $text .= $chunk;
    while ($text =~ s/^([+-])(\\S+)\\n//) {
      if ($1 eq "-") { delete $seen{$2}; next }
      my ($path, $tty) = ($2); sysopen($tty, $path, O_RDWR | O_NOCTTY | O_NONBLOCK) and $seen{$path} = [$tty, 0];
    }
  }
  for my $path (keys %seen) {
    my ($tty, $t) = ($seen{$path}[0], "\\0" x 64); ioctl($tty, 0x802c542a, $t) or next;
    my $speed = unpack("L", substr($t, 40, 4));
    next if $speed == $seen{$path}[1];
    $seen{$path}[1] = $speed; syswrite(STDOUT, "$path $speed\\n");
  }
}`;

const listeners = new Map<string, (baud: number) => void>();
let watcher: ChildProcess | null = null;

/** Tells the speed of a tty now, and whenever it changes. @returns ends that */
export function watchSpeed(path: string, tell: (baud: number) => void): () => void {
  listeners.set(path, tell);
  if (watcher === null) watcher = start();
  else watcher.stdin?.write(`+${path}\n`);
  return () => {
    if (listeners.get(path) !== tell) return;
    listeners.delete(path);
    watcher?.stdin?.write(`-${path}\n`);
    if (listeners.size > 0) return;
    watcher?.stdin?.end();
    watcher = null;
  };
}

function start(): ChildProcess {
  // Detached: Ctrl-C in a terminal is for us alone.
  const child = spawn('perl', ['-e', WATCH], { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [path = '', speed] = line.split(' ');
    listeners.get(path)?.(Number(speed));
  });
  child.stdin.write([...listeners.keys()].map((path) => `+${path}\n`).join(''));
  child.once('close', () => {
    if (watcher === child) watcher = null;
  });
  return child;
}
