/** The program's way to the outside world, so that commands can be tried without a process of their own. */
import { once } from 'node:events';

export interface CliIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Data: what another program may read. A newline is added. */
  out(text: string): void;
  /** Resolves when what `out` was given has room to go: who writes much waits for it, so that it does not pile up in memory. */
  drained(): Promise<void>;
  /** Talk: messages for a person. A newline is added. */
  err(text: string): void;
  /** One line for a person at a terminal, replaced by the next; null takes it away. Nothing without a terminal. */
  status(text: string | null): void;
  /** Whether `out` may be coloured. */
  readonly color: boolean;
}

/** Used where a terminal does not say how wide it is (0, or nothing). */
const COLUMNS = 80;
const CLEAR_LINE = '\r\u001b[K';

export function processIo(): CliIo {
  const { env, stdout, stderr } = process;
  const moves = stderr.isTTY === true && env.TERM !== 'dumb';
  let shown: string | null = null;
  // What is said in between stands above the line that moves.
  const say = (stream: NodeJS.WriteStream, text: string): void => {
    if (shown !== null) stderr.write(CLEAR_LINE);
    stream.write(`${text}\n`);
    if (shown !== null) stderr.write(shown);
  };
  return {
    env,
    cwd: process.cwd(),
    out: (text) => say(stdout, text),
    drained: async () => {
      if (stdout.writableNeedDrain) await once(stdout, 'drain');
    },
    err: (text) => say(stderr, text),
    status: (text) => {
      if (!moves || (text === null && shown === null)) return;
      shown = text?.slice(0, Math.max(1, (stderr.columns || COLUMNS) - 1)) ?? null;
      stderr.write(CLEAR_LINE + (shown ?? ''));
    },
    // https://no-color.org: any non-empty value switches colour off
    color: stdout.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb',
  };
}

export type Paint = 'green' | 'yellow' | 'red' | 'dim' | 'bold';
const SGR: Readonly<Record<Paint, string>> = { green: '32', yellow: '33', red: '31', dim: '2', bold: '1' };

/** Colours a word when the output is a terminal that wants colours. */
export function paint(io: CliIo, style: Paint, text: string): string {
  return io.color ? `\u001b[${SGR[style]}m${text}\u001b[0m` : text;
}
