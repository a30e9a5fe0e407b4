/** A child process that is asked and answers. */
import { fork, type ChildProcess } from 'node:child_process';
import { openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const DEADLINE_MS = 60_000;

export class Child<Order, Answer> {
  readonly process: ChildProcess;
  readonly #name: string;
  readonly #waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  #stderr = '';
  #asked = 0;

  /** @param file name of a module beside this one, without its ending @param log file for what it prints */
  constructor(file: string, log: string | null = null, execArgv: readonly string[] = []) {
    this.#name = file;
    const own = fileURLToPath(import.meta.url);
    this.process = fork(own.replace(/child\.(ts|js)$/, `${file}.$1`), [], { execArgv: [...execArgv], stdio: ['ignore', log === null ? 'ignore' : openSync(log, 'w'), 'pipe', 'ipc'] });
    this.process.stderr?.on('data', (chunk: Buffer) => (this.#stderr = (this.#stderr + chunk.toString()).slice(-4000)));
    this.process.on('message', ({ number, body }: { number: number; body: Answer }) => {
      this.#waiting.get(number)?.resolve(body);
      this.#waiting.delete(number);
    });
    this.process.on('exit', (code) => this.#fail(`${file} ended with ${code}: ${this.#stderr.trim().split('\n').slice(-5).join(' | ')}`));
  }

  /** @throws Error when it answers with an error, ends, or is silent for a minute */
  async ask(order: Order): Promise<Exclude<Answer, { error: string }>> {
    const number = ++this.#asked;
    let timer: NodeJS.Timeout | undefined;
    try {
      const answer = await new Promise<Answer>((resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`${this.#name} does not answer`)), DEADLINE_MS);
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
