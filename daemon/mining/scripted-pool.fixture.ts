import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import type { AddressInfo } from 'node:net';

export interface ScriptedLine {
  readonly id: number;
  readonly method: string;
  readonly params: unknown[];
}

/** What a scripted pool does with a line of a miner; null when the miner has just connected. */
export type Script = (socket: net.Socket, line: ScriptedLine | null) => void;

export const send = (socket: net.Socket, message: object): void => void socket.write(`${JSON.stringify(message)}\n`);

/** A job on regtest, height 21: any second hash is a block. */
export const notify = (jobId: string, prev = 'a1', clean = true): object => ({
  id: null,
  method: 'mining.notify',
  params: [jobId, prev.repeat(32), '01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff1001150504eeb4006b', 'ffffffff0100f2052a01000000015100000000', [], '20000000', '207fffff', '6b00b4ee', clean],
});

/** Answers the handshake, sends a difficulty and one job; submits are left to the test. */
export const politePool: Script = (socket, line) => {
  if (line?.method === 'mining.configure') send(socket, { id: line.id, result: { 'version-rolling': true, 'version-rolling.mask': '1fffe000' }, error: null });
  if (line?.method === 'mining.subscribe') send(socket, { id: line.id, result: [[['mining.notify', 'sess1']], '08000002', 4], error: null });
  if (line?.method === 'mining.authorize') {
    send(socket, { id: line.id, result: true, error: null });
    send(socket, { id: null, method: 'mining.set_difficulty', params: [0.001] });
    send(socket, notify('job1'));
  }
};

/** A server on a free loopback port that does what a script says. */
export class ScriptedPool {
  readonly lines: ScriptedLine[] = [];
  connections = 0;
  bytesReceived = 0;
  script: Script;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  #waiting: { readonly done: () => boolean; readonly resolve: () => void }[] = [];

  constructor(script: Script, secure?: tls.TlsOptions) {
    this.script = script;
    const onSocket = (socket: net.Socket): void => this.#accept(socket);
    this.#server = secure === undefined ? net.createServer(onSocket) : tls.createServer(secure, onSocket);
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  get sockets(): net.Socket[] {
    return [...this.#sockets];
  }

  /** Resolves when `done` is true, which is looked at after each line and connection. */
  until(done: () => boolean): Promise<void> {
    return done() ? Promise.resolve() : new Promise((resolve) => this.#waiting.push({ done, resolve }));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(socket: net.Socket): void {
    this.connections += 1;
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    let rest = '';
    socket.on('data', (chunk: Buffer) => {
      this.bytesReceived += chunk.length;
      const parts = (rest + chunk.toString()).split('\n');
      rest = parts.pop()!;
      for (const part of parts) {
        // A TLS handshake on a plain port.
        if (!part.startsWith('{')) continue;
        const line = JSON.parse(part) as ScriptedLine;
        this.lines.push(line);
        this.script(socket, line);
      }
      this.#look();
    });
    this.script(socket, null);
    this.#look();
  }

  #look(): void {
    const ready = this.#waiting.filter(({ done }) => done());
    this.#waiting = this.#waiting.filter((waiter) => !ready.includes(waiter));
    for (const { resolve } of ready) resolve();
  }
}
