/** From an error of a board's start to the kind of trouble the ladder knows. */
import { messageOf, RigError } from '../../protocol/common/errors.ts';
import type { BoardTrouble } from './board.ts';
import type { TroubleKind } from './ladder.ts';

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
