/** Hands packets and events to the broker session, and counts what became of them. */
import type { Clock } from '../../protocol/common/clock.ts';
import type { Log } from '../../protocol/common/log.ts';
import type { BrokerSession, Packet, PublishOutcome } from './broker/session.ts';
import { EventQueue } from './event-queue.ts';
import { RepeatSuppressor } from './repeat-suppressor.ts';
import type { RigEvent } from './state.ts';

const EVENT_LIMIT = 200;

export class Delivery {
  #session: () => BrokerSession | null;
  #eventPacket: (event: RigEvent) => Packet;
  #clock: Clock;
  #log: Log;
  #events = new EventQueue(EVENT_LIMIT);
  #repeats = new RepeatSuppressor();
  #drain: Promise<void> | null = null;
  #published = 0;
  #dropped = 0;
  #lastError: string | null = null;

  /** @param session the open session, or null while there is none */
  constructor(deps: { session: () => BrokerSession | null; eventPacket: (event: RigEvent) => Packet; clock: Clock; log: Log }) {
    this.#session = deps.session;
    this.#eventPacket = deps.eventPacket;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  /** Packets the broker took; packets and events that are lost for good; events waiting; the last refusal. */
  stats(): { published: number; dropped: number; queued_events: number; last_error: string | null } {
    return { published: this.#published, dropped: this.#dropped + this.#events.dropped, queued_events: this.#events.size, last_error: this.#lastError };
  }

  /** Sends and counts. Never rejects. Whoever tries again after `lost` says so, and it is not counted as dropped. */
  async send(session: BrokerSession, packet: Packet, retried = false): Promise<PublishOutcome> {
    const outcome = await session.publish(packet);
    if (outcome.status === 'sent') {
      this.#published++;
      return outcome;
    }
    if (outcome.status === 'refused' || !retried) this.#dropped++;
    if (outcome.status === 'refused') this.#lastError = outcome.reason;
    // What was on its way when the session ended needs no line of its own: the end was told.
    if (this.#session() === session) this.complain(`publish ${outcome.status}`, outcome.reason, 'an MQTT message was not delivered');
    return outcome;
  }

  /** Queues an event and sends it as soon as there is a broker. */
  event(event: RigEvent): void {
    this.#events.push(event, this.#clock.monotonic());
    void this.drainEvents();
  }

  /**
   * Sends waiting events one after the other; each stays in the queue until the broker has it. Resolves when the queue
   * is empty or the broker takes no more. Never rejects.
   */
  drainEvents(): Promise<void> {
    return (this.#drain ??= this.#sendEvents());
  }

  async #sendEvents(): Promise<void> {
    await null; // so that #drain is set before it is cleared, even with nothing to send
    try {
      for (let event = this.#events.peek(); event; event = this.#events.peek()) {
        const session = this.#session();
        if (!session) return;
        const outcome = await this.send(session, this.#eventPacket(event), true);
        if (outcome.status === 'lost') return;
        this.#events.remove(event);
      }
    } finally {
      this.#drain = null;
    }
  }

  /** Warns, but not again and again about the same. */
  complain(key: string, reason: string, message: string): void {
    const left = this.#repeats.pass(key, this.#clock.monotonic());
    if (left !== null) this.#log.warn({ reason, ...(left > 0 ? { repeated: left } : {}) }, message);
  }
}
