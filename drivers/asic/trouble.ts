/** What is wrong with a board: from the error of its start to the kind the ladder knows, and how a person is told. */
import { messageOf, RigError } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import type { BoardTrouble } from './board.ts';
import type { Remedy, TroubleKind } from './ladder.ts';

export interface Trouble {
  readonly kind: TroubleKind;
  readonly reason: string;
}

const UNSAFE: readonly BoardTrouble['kind'][] = ['overheat', 'sensor', 'power'];

/**
 * E_DEVICE_UNSAFE may carry `context.trouble` ('overheat', 'sensor' or 'power'); without it the regulator is meant, the
 * most careful reading.
 */
export function troubleOf(error: unknown): Trouble {
  const reason = messageOf(error);
  if (!(error instanceof RigError)) return { kind: 'control', reason };
  switch (error.code) {
    case 'E_DEVICE_PORT':
      return { kind: 'port', reason };
    case 'E_DEVICE_SILENT':
      return { kind: 'silent', reason };
    case 'E_DEVICE_UNSAFE':
      return { kind: UNSAFE.find((kind) => kind === error.context.trouble) ?? 'power', reason };
    default:
      return { kind: 'control', reason };
  }
}

/** Tells a person what is wrong and what is done: once while it stays the same, and as an error when somebody has to look after it. */
export class TroubleLog {
  readonly #log: Log;
  #told = '';

  constructor(log: Log) {
    this.#log = log;
  }

  tell({ kind, reason }: Trouble, remedy: Remedy, alert: boolean): void {
    const fields = { trouble: kind, remedy: remedy.do, ...(remedy.do === 'isolate' ? { wait_s: Math.round(remedy.ms / 1000) } : {}) };
    const same = this.#told === `${kind} ${reason}`;
    this.#told = `${kind} ${reason}`;
    if (alert) this.#log.error(fields, `${reason}: somebody should look after it`);
    else if (same) this.#log.debug(fields, reason);
    else this.#log.warn(fields, reason);
  }

  /** It has been well since. */
  forget(): void {
    this.#told = '';
  }
}
