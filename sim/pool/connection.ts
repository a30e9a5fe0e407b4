/** One TCP connection of a miner: complete lines in, lines out, every queue bounded. Owns the socket. */
import type { Socket } from 'node:net';
import type { PoolContext } from './context.ts';
import { STRATUM_CODE } from './rejects.ts';
import { Session } from './session.ts';

const HTTP_ANSWER = 'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nThis is a web server.\n';
const GARBAGE = '\u0000{"id":null,"method":"mining.notify","params":[\u001b[31m garbage';
/** How the line that never ends begins; it goes on with the letter a. */
const ENDLESS = '{"id":null,"method":"mining.notify","params":["';
const LF = 10;

export class Connection {
  readonly remote: string;
  readonly session: Session;
  badLines = 0;
  readonly #socket: Socket;
  readonly #context: PoolContext;
  readonly #onEnd: (reason: string) => void;
  /** Fixed at the start: such a connection stays dead whatever is switched later. */
  readonly #halfOpen: boolean;
  #fellSilent = false;
  /** Bytes of the line that never ends. */
  #trickled = 0;
  #tail = Buffer.alloc(0);
  #delayedBytes = 0;
  #ended = false;

  constructor(number: number, socket: Socket, context: PoolContext, onEnd: (reason: string) => void) {
    this.#socket = socket;
    this.#context = context;
    this.#onEnd = onEnd;
    this.#halfOpen = context.faults.halfOpen;
    this.remote = `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`;
    this.session = new Session(number, context, { send: (message) => this.#send(message), close: (reason) => this.close(reason), fallSilent: () => (this.#fellSilent = true) });
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (error) => this.close(error.message));
    socket.on('close', () => this.close('closed by the miner'));
  }

  /** Sends nothing and expects nothing. */
  get #deaf(): boolean {
    return this.#dead || this.#context.faults.trickle;
  }

  /** Not even a byte comes from it. */
  get #dead(): boolean {
    return this.#halfOpen || this.#fellSilent || this.#context.faults.silent;
  }

  tick(): void {
    if (this.#context.faults.trickle && !this.#dead && !this.#ended) this.#socket.write(ENDLESS[this.#trickled++] ?? 'a');
    if (!this.#deaf && !this.#ended) this.session.tick();
  }

  /** Cuts the connection; later calls do nothing. */
  close(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.session.end();
    this.#socket.destroy();
    this.#onEnd(reason);
  }

  #read(chunk: Buffer): void {
    if (this.#ended || this.#deaf) return;
    if (this.#context.faults.http) {
      this.#socket.end(HTTP_ANSWER);
      return;
    }
    const { lineBytes } = this.#context.settings.limits;
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0 && !this.#ended; end = chunk.indexOf(LF, start)) {
      const line = Buffer.concat([this.#tail, chunk.subarray(start, end)]);
      this.#tail = Buffer.alloc(0);
      start = end + 1;
      if (line.length > lineBytes) return this.close(`line over ${lineBytes} bytes`);
      this.#line(line.toString('utf8').trim());
    }
    if (this.#ended) return;
    this.#tail = Buffer.concat([this.#tail, chunk.subarray(start)]);
    if (this.#tail.length > lineBytes) this.close(`line over ${lineBytes} bytes`);
  }

  #line(text: string): void {
    if (text === '') return;
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      return this.#bad(text, STRATUM_CODE.notJson, 'Not JSON');
    }
    if (typeof message !== 'object' || message === null || Array.isArray(message)) return this.#bad(text, STRATUM_CODE.notRequest, 'Not a JSON object');
    this.session.handle(message as Record<string, unknown>);
  }

  #bad(text: string, code: number, why: string): void {
    this.badLines += 1;
    if (/^(GET|HEAD|POST|PUT|OPTIONS|CONNECT) /.test(text)) return this.close('the client speaks HTTP');
    this.#send({ id: null, result: null, error: [code, why, null] });
    if (this.badLines >= this.#context.settings.limits.badLines) this.close('too many lines that are not Stratum');
  }

  #send(message: object): void {
    if (this.#ended || this.#deaf) return;
    const { faults, settings } = this.#context;
    const rest = this.#trickled > 0 ? '\n' : '';
    this.#trickled = 0;
    const line = `${rest}${faults.garbage ? `${GARBAGE}\n` : ''}${JSON.stringify(message)}\n`;
    if (faults.slowAnswersMs > 0) {
      this.#delayedBytes += line.length;
      settings.clock.after(faults.slowAnswersMs, () => {
        this.#delayedBytes -= line.length;
        if (!this.#ended && !this.#deaf) this.#socket.write(line);
      });
    } else this.#socket.write(line);
    if (this.#socket.writableLength + this.#delayedBytes > settings.limits.sendQueueBytes) this.close('send queue full: the miner does not read');
  }
}
