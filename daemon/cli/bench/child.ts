/** A child process that is asked and answers. */
import { fork, type ChildProcess } from 'node:child_process';
import { openSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const DEADLINE_MS = 60_000;

export class Child<Order, Answer> {
  readonly process: ChildProcess;
  readonly #name: string;
  readonly #waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  #stderr = '';
  #asked = 0;

  /**
   * @param file module in this folder or below, without its ending: `drivers/fleet-child`
   * @param log file for what it prints
   * @param cpu number of the processor all its threads stay on; null = any. Needs taskset
   */
  constructor(file: string, { log = null, execArgv = [], cpu = null }: { log?: string | null; execArgv?: readonly string[]; cpu?: number | null } = {}) {
    this.#name = path.basename(file);
    const own = fileURLToPath(import.meta.url);
    const pinned = cpu === null ? { execArgv: [...execArgv] } : { execPath: 'taskset', execArgv: ['-c', String(cpu), process.execPath, ...execArgv] };
    this.process = fork(own.replace(/child\.(ts|js)$/, `${file}.$1`), [], { ...pinned, stdio: ['ignore', log === null ? 'ignore' : openSync(log, 'w'), 'pipe', 'ipc'] });
    this.process.stderr?.on('data', (chunk: Buffer) => (this.#stderr = (this.#stderr + chunk.toString()).slice(-4000)));
    this.process.on('message', ({ number, body }: { number: number; body: Answer }) => {
      this.#waiting.get(number)?.resolve(body);
      this.#waiting.delete(number);
    });
    // Before the folder is removed that it works in.
    const end = (): void => this.kill();
    process.prependOnceListener('exit', end);
    this.process.once('exit', () => process.removeListener('exit', end));
    this.process.on('exit', (code) => this.#fail(`${this.#name} ended with ${code}: ${this.#stderr.trim().split('\n').slice(-5).join(' | ')}`));
  }

  /** @throws Error when it answers with an error, ends, or is silent for longer than a minute, or what is given */
  async ask(order: Order, withinMs = DEADLINE_MS): Promise<Exclude<Answer, { error: string }>> {
    const number = ++this.#asked;
    let timer: NodeJS.Timeout | undefined;
    try {
      const answer = await new Promise<Answer>((resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`${this.#name} does not answer`)), withinMs);
        this.#waiting.set(number, { resolve, reject });
        if (this.process.exitCode !== null) reject(new Error(`${this.#name} has ended`));
        else this.process.send({ number, body: order }, (error) => error && reject(error));
      });
      if (typeof answer === 'object' && answer !== null && 'error' in answer) throw new Error(`${this.#name}: ${String(answer.error)}`);
      return answer as Exclude<Answer, { error: string }>;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(number);
    }
  }

  kill(): void {
    this.process.kill('SIGKILL');
  }

  #fail(reason: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(reason));
    this.#waiting.clear();
  }
}
