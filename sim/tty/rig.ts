/** What every simulated device on a tty can be told, whatever it is. */
import type { EventEmitter } from 'node:events';
import type { LineRole, PlugEvents } from './plug.ts';

export interface SimRig {
  readonly events: EventEmitter<PlugEvents>;
  /** The chips' tty; null while it is unplugged. */
  readonly path: string | null;
  /** All of its ttys; empty while it is unplugged. */
  readonly paths: Readonly<Partial<Record<LineRole, string>>>;
  /** Switches a fault on, `NAME` or `NAME=VALUE`. @throws RigError E_FLAG_INVALID */
  fault(text: string): void;
  /** Switches it off again. @throws RigError E_FLAG_INVALID */
  clear(name: string): void;
  /** What it went through since start; numbers a person or a test may want. */
  stats(): Readonly<Record<string, unknown>>;
  /** What the reset line of the chips does. */
  reset(): void;
  /** Takes its power away for a moment, the cable staying where it is. */
  powerCycle(): void;
  /** Pulls the USB plug: the ttys go. Devices on USB power lose their state; a Bitaxe has a supply of its own and runs on. */
  unplug(): Promise<void>;
  /** Puts it back. */
  plug(): Promise<void>;
  close(): Promise<void>;
}
