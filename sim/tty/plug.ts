/** Plugging and unplugging: the ttys of one simulated device come and go together. */
import { EventEmitter } from 'node:events';
import { openPty } from './pty.ts';
import type { Pty } from './pty-contract.ts';

export type LineRole = 'asic' | 'control' | 'telemetry';

export interface PluggedLine {
  /** A symbolic link to the tty, the same after it has gone and come back. */
  readonly link: string | null;
  readonly onData: (bytes: Uint8Array) => void;
  /** As in `PtyEvents`. */
  readonly onSpeed?: ((baud: number | null) => void) | undefined;
}

export interface PlugEvents {
  /** `path` is that of the chips. */
  plugged: [{ path: string; paths: Readonly<Partial<Record<LineRole, string>>> }];
  unplugged: [{ reason: 'asked' | 'fault' | 'lost' }];
}

/** The tty goes after some seconds, once, and comes back later (0 = it does not). */
export interface Disappearance {
  readonly after_s: number;
  readonly for_s: number;
}

export class Plug {
  readonly events = new EventEmitter<PlugEvents>();
  readonly #lines: readonly (readonly [LineRole, PluggedLine])[];
  readonly #onGone: () => void;
  readonly #timers = new Set<NodeJS.Timeout>();
  #ptys = new Map<LineRole, Pty>();
  #closed = false;
  /** Plugging and unplugging, one after the other. */
  #queue: Promise<void> = Promise.resolve();

  /** @param onGone what a device does when it loses its power */
  constructor(lines: Readonly<Partial<Record<LineRole, PluggedLine>>>, onGone: () => void) {
    this.#lines = Object.entries(lines) as [LineRole, PluggedLine][];
    this.#onGone = onGone;
  }

  /** Paths of the ttys; empty while unplugged. */
  get paths(): Readonly<Partial<Record<LineRole, string>>> {
    return Object.fromEntries([...this.#ptys].map(([role, pty]) => [role, pty.path]));
  }

  write(role: LineRole, bytes: Uint8Array): void {
    this.#ptys.get(role)?.write(bytes);
  }

  /** @throws RigError E_SIM_TTY */
  plug(): Promise<void> {
    return this.#next(async () => {
      if (this.#ptys.size > 0 || this.#closed) return;
      const ptys = new Map<LineRole, Pty>();
      try {
        for (const [role, line] of this.#lines) ptys.set(role, await openPty({ ...line, onLost: () => this.#lost(ptys) }));
      } catch (error) {
        await Promise.all([...ptys.values()].map((pty) => pty.close()));
        throw error;
      }
      this.#ptys = ptys;
      this.events.emit('plugged', { path: (ptys.get('asic') as Pty).path, paths: this.paths });
    });
  }

  unplug(reason: 'asked' | 'fault' = 'asked'): Promise<void> {
    return this.#next(async () => {
      if (this.#ptys.size === 0) return;
      await this.#gone();
      this.events.emit('unplugged', { reason });
    });
  }

  disappear({ after_s, for_s }: Disappearance): void {
    this.#later(after_s, () => {
      void this.unplug('fault');
      if (for_s > 0) this.#later(for_s, () => void this.plug().catch(() => this.events.emit('unplugged', { reason: 'lost' })));
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#next(() => this.#gone());
  }

  async #gone(): Promise<void> {
    const ptys = this.#ptys;
    this.#ptys = new Map();
    this.#onGone();
    await Promise.all([...ptys.values()].map((pty) => pty.close()));
  }

  #lost(ptys: Map<LineRole, Pty>): void {
    if (this.#ptys !== ptys) return;
    void this.#next(async () => {
      if (this.#ptys !== ptys) return;
      await this.#gone();
      this.events.emit('unplugged', { reason: 'lost' });
    });
  }

  #next(step: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(step);
    this.#queue = done.catch(() => undefined);
    return done;
  }

  #later(seconds: number, then: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      then();
    }, seconds * 1000);
    this.#timers.add(timer);
  }
}
