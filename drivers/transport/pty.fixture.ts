/** A real pseudo terminal for tests, made by socat; its other end is a pipe. */
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';

export const hasSocat = spawnSync('socat', ['-V'], { stdio: 'ignore' }).status === 0;

export interface TestPty {
  readonly path: string;
  received(): Uint8Array;
  say(bytes: Uint8Array): void;
  /** Stops reading what comes. */
  hang(): void;
  /** Takes the pty away. */
  unplug(): Promise<void>;
}

/** @param onData is told what comes, beside `received` */
export async function testPty(onData: (bytes: Uint8Array) => void = () => {}): Promise<TestPty> {
  const child: ChildProcessWithoutNullStreams = spawn('socat', ['-d', '-d', 'PTY,rawer,echo=0', 'STDIO'], { stdio: 'pipe' });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.stdin.on('error', () => undefined);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    onData(chunk);
  });
  const path = await new Promise<string>((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => reject(new Error('no pty within 5 s')), 5000);
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = /PTY is (\/\S+)/.exec(text);
      if (!found || !text.includes('data transfer loop')) return;
      clearTimeout(timer);
      resolve(found[1]!);
    });
    child.once('error', reject);
  });
  return {
    path,
    received: () => Uint8Array.from(Buffer.concat(chunks)),
    say: (bytes) => child.stdin.write(bytes),
    hang: () => void child.kill('SIGSTOP'),
    async unplug() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
