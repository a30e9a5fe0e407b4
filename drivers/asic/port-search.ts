/** Looks for the ports of a device: every second at first, every three when nobody seems to plug it in. */
import { messageOf } from '../../protocol/common/errors.ts';
import type { AsicContext, FoundPorts } from './parts.ts';
import { within } from './waiting.ts';

const LOCATE_MS = 5000;
const AT_FIRST = { looks: 30, everyMs: 1000 } as const;
const LATER_MS = 3000;

export class PortSearch {
  readonly #context: AsicContext;
  #looks = 0;
  #lookedAt = -Infinity;
  #missing = '';

  constructor(context: AsicContext) {
    this.#context = context;
  }

  /** Why the last look found nothing, in plain words. */
  get missing(): string {
    return this.#missing;
  }

  /** Time since the last look, ms. */
  get ageMs(): number {
    return this.#context.clock.monotonic() - this.#lookedAt;
  }

  /** How long to wait before the next look. */
  get pauseMs(): number {
    return this.#looks < AT_FIRST.looks ? AT_FIRST.everyMs : LATER_MS;
  }

  /** Where the ports are now; null = not there, or `signal` went off. Never rejects. */
  async look(signal: AbortSignal): Promise<FoundPorts | null> {
    const { ports, clock } = this.#context;
    this.#lookedAt = clock.monotonic();
    this.#looks++;
    if (!ports) {
      this.#missing = 'this installation gives it no ports';
      return null;
    }
    const outcome = await within(clock, LOCATE_MS, ports.locate(), signal);
    if (outcome.kind === 'done' && outcome.value.found) {
      this.#looks = 0;
      return outcome.value;
    }
    if (outcome.kind === 'done' && !outcome.value.found) this.#missing = outcome.value.reason;
    else this.#missing = outcome.kind === 'failed' ? messageOf(outcome.error) : 'the system did not say where its ports are';
    return null;
  }
}
