/** The alarms of a running rig: what is looked at, and where it is told. */
import type { AlarmsConfig } from '../../config/schema.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import type { Log } from '../../protocol/common/log.ts';
import type { Ledger } from '../ledger/contract.ts';
import type { AlarmState, RigEvent, StateSource } from '../telemetry/state.ts';
import { AlarmBook } from './book.ts';
import { recordAlarm } from './alarm-record.ts';
import { alarmMessage } from './message.ts';
import { alarmRules, AlarmWatch, type AlarmFacts } from './watch.ts';
import { Webhook, type WebhookTarget } from './webhook.ts';

/** A stop waits no longer for a webhook. */
const CLOSE_MS = 900;

export interface AlarmsOptions extends AlarmFacts {
  readonly config: AlarmsConfig;
  readonly nodeId: string;
  readonly webhooks: readonly WebhookTarget[];
}

export interface AlarmsDeps {
  readonly state: StateSource;
  readonly ledger: Pick<Ledger, 'append' | 'saveSystemError' | 'saveSystemReport'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Tells an event to whoever listens: MQTT, screen, log. */
  readonly tell: (type: RigEvent['type'], message: string, device: null, data: Record<string, unknown>) => void;
}

export class Alarms {
  readonly #book: AlarmBook;
  readonly #watch: AlarmWatch;
  readonly #hooks: readonly Webhook[];

  constructor(options: AlarmsOptions, { state, ledger, clock, log, tell }: AlarmsDeps) {
    this.#book = new AlarmBook(clock);
    this.#hooks = options.webhooks.map((target) => new Webhook(target, { clock, log }));
    this.#watch = new AlarmWatch(alarmRules(options.config, options), { state, book: this.#book, clock, log });
    const told = (alarm: AlarmState): void => {
      const { event, severity, kind, subject, message } = alarmMessage(options.nodeId, alarm);
      recordAlarm(ledger, alarm);
      log[event === 'alarm_raised' ? 'warn' : 'info']({ alarm: kind, subject, severity }, message);
      if (event !== 'test') tell(event, `${event === 'alarm_raised' ? 'alarm' : 'alarm is over'}: ${message}`, null, { kind, subject, severity });
      for (const hook of this.#hooks) hook.send(alarmMessage(options.nodeId, alarm));
    };
    this.#book.events.on('raised', told);
    this.#book.events.on('healed', told);
  }

  start(): void {
    this.#watch.start();
  }

  /** Those that are on, then those that were. */
  list(): readonly AlarmState[] {
    return this.#book.list();
  }

  /** Stops looking, and gives webhooks a last moment. */
  async stop(): Promise<void> {
    this.#watch.stop();
    await Promise.all(this.#hooks.map((hook) => hook.close(CLOSE_MS)));
  }
}
