import type { CliIo } from './io.ts';

/** An outside world that remembers what was said. Nothing of the real environment leaks in. */
export class FakeIo implements CliIo {
  readonly env: Record<string, string | undefined>;
  readonly cwd: string;
  readonly color: boolean;
  readonly outLines: string[] = [];
  readonly errLines: string[] = [];
  readonly statusLines: string[] = [];

  constructor(cwd: string, env: Record<string, string | undefined> = {}, color = false) {
    this.cwd = cwd;
    this.env = { HOME: '/nonexistent', ...env };
    this.color = color;
  }

  out(text: string): void {
    this.outLines.push(...text.split('\n'));
  }

  async drained(): Promise<void> {}

  err(text: string): void {
    this.errLines.push(...text.split('\n'));
  }

  status(text: string | null): void {
    if (text !== null) this.statusLines.push(text);
  }

  get stdout(): string {
    return this.outLines.join('\n');
  }

  get stderr(): string {
    return this.errLines.join('\n');
  }
}
