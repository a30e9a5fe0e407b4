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
  /** Whether `out` may be coloured. */
  readonly color: boolean;
}

export function processIo(): CliIo {
  const { env, stdout, stderr } = process;
  return {
    env,
    cwd: process.cwd(),
    out: (text) => stdout.write(`${text}\n`),
    drained: async () => {
      if (stdout.writableNeedDrain) await once(stdout, 'drain');
    },
    err: (text) => stderr.write(`${text}\n`),
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
