/** Every call a disk knows, as the hooks name it; `create` is an open that makes a file. */
export type DiskCall = 'open' | 'create' | 'read' | 'write' | 'datasync' | 'truncate' | 'stat' | 'readdir' | 'mkdir' | 'link' | 'rename' | 'unlink' | 'rmdir' | 'syncFolder';

export interface DiskOp {
  /** Counts the calls of one disk from 1. */
  readonly n: number;
  readonly call: DiskCall;
  /** The file or folder; for a link or rename the new name. */
  readonly path: string;
}

const CHANGING: ReadonlySet<DiskCall> = new Set(['create', 'write', 'datasync', 'truncate', 'mkdir', 'link', 'rename', 'unlink', 'rmdir', 'syncFolder']);

/** True for calls after which the disk may hold something else than before. */
export function isChanging(call: DiskCall): boolean {
  return CHANGING.has(call);
}

/** What goes wrong with the calls to a disk, and how many there were. One per disk; for tests only. */
export class DiskFaults {
  /** Sees every call before it is made; may throw what the call is to fail with, or hold it up with a promise. */
  onOp: (op: DiskOp) => void | Promise<void> = () => {};
  /** The error code a call is to fail with; null lets it pass. */
  when: (op: DiskOp) => string | null = () => null;
  /** What a failing write leaves behind: true, the first half of its bytes; false, none. */
  halfWrites = true;
  readonly #next: { readonly code: string; readonly match: (op: DiskOp) => boolean }[] = [];
  readonly #counts = new Map<DiskCall, number>();
  #total = 0;

  /** Lets the next call that matches fail, once. */
  failNext(code: string, match: DiskCall | ((op: DiskOp) => boolean) = () => true): void {
    this.#next.push({ code, match: typeof match === 'string' ? (op) => op.call === match : match });
  }

  /** What `failNext` planned and no call has met. */
  forgetPlans(): void {
    this.#next.length = 0;
  }

  /** Calls so far, of one kind or all. */
  count(call?: DiskCall): number {
    return call === undefined ? this.#total : (this.#counts.get(call) ?? 0);
  }

  /** Counts a call and tells its error; null when it is to succeed. @throws what `onOp` throws */
  async meet(call: DiskCall, path: string): Promise<Error | null> {
    const op = { n: (this.#total += 1), call, path };
    this.#counts.set(call, this.count(call) + 1);
    const held = this.onOp(op);
    if (held !== undefined) await held;
    const planned = this.#next.findIndex((fault) => fault.match(op));
    const code = planned >= 0 ? this.#next.splice(planned, 1)[0]!.code : this.when(op);
    return code === null ? null : diskError(code, call, path);
  }
}

/** What Node throws for a failed system call. */
export function diskError(code: string, call: string, path: string): NodeJS.ErrnoException {
  // As those of the real file system, without a trace: thousands are made to say that a file is not there.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const error = Object.assign(new Error(`${code}: ${call} '${path}'`), { code, syscall: call, path });
  Error.stackTraceLimit = stackTraceLimit;
  return error;
}
