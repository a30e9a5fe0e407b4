/** A real mosquitto on a free port, for tests. */
import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { eventually } from './mqtt-probe.fixture.ts';

/** A port nobody listens on right now. */
export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Path of the mosquitto broker, or null when it is not installed. */
export function findMosquitto(): string | null {
  for (const dir of [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin']) {
    const file = path.join(dir, 'mosquitto');
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // not in this folder
    }
  }
  return null;
}

export interface TestBroker {
  readonly url: string;
  readonly port: number;
  /** Ends it without a goodbye. Twice is the same as once. */
  close(): Promise<void>;
  /** Stops answering without closing anything, and undoes that. Null when the broker cannot be frozen. */
  readonly freeze: (() => void) | null;
}

/** Starts mosquitto without persistence and waits until it accepts connections. */
export async function startMosquitto(binary: string, port: number, extra: readonly string[] = []): Promise<TestBroker> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-mosquitto-'));
  const file = path.join(dir, 'mosquitto.conf');
  writeFileSync(file, [`listener ${port} 127.0.0.1`, ...(extra.some((line) => line.startsWith('allow_anonymous')) ? [] : ['allow_anonymous true']), 'persistence false', `user ${os.userInfo().username}`, ...extra, ''].join('\n'));
  const child: ChildProcess = spawn(binary, ['-c', file], { stdio: 'ignore' });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const close = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
    rmSync(dir, { recursive: true, force: true });
  };
  let up = false;
  const knock = (): void => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => {
      up = true;
      socket.destroy();
    });
    socket.once('error', () => setTimeout(knock, 20));
  };
  knock();
  try {
    await eventually('mosquitto to listen', () => up);
  } catch (error) {
    await close();
    throw error;
  }
  return { url: `mqtt://127.0.0.1:${port}`, port, close, freeze: () => child.kill('SIGSTOP') };
}
