/** The troubles of a board as errors of an operation, and errors as troubles. */
import { messageOf, RigError, type ErrorCode } from '../../protocol/common/errors.ts';
import type { BoardTrouble } from '../asic/board.ts';

const CODE: Record<BoardTrouble['kind'], ErrorCode> = {
  gone: 'E_DEVICE_PORT',
  silent: 'E_DEVICE_SILENT',
  overheat: 'E_DEVICE_UNSAFE',
  sensor: 'E_DEVICE_UNSAFE',
  power: 'E_DEVICE_UNSAFE',
  control: 'E_DEVICE_CONTROL',
};

/** Errors that were made of a trouble: it is told by itself. */
const made = new WeakSet<object>();

/** What ends an operation because of a trouble. */
export function errorOfTrouble(trouble: BoardTrouble, device: string): RigError {
  const error = new RigError(CODE[trouble.kind], trouble.reason, { context: { device, trouble: trouble.kind } });
  made.add(error);
  return error;
}

/** The trouble that an error of an operation on a running board means; null when it is told by itself, or was wanted. */
export function troubleOfError(error: unknown): BoardTrouble | null {
  if (typeof error === 'object' && error !== null && made.has(error)) return null;
  const code = error instanceof RigError ? error.code : null;
  if (code === 'E_DEVICE_COMMAND') return null;
  const kinds: readonly BoardTrouble['kind'][] = ['gone', 'silent', 'power', 'control'];
  // Of what is unsafe only the regulator can be: the others are the monitor's to tell.
  return { kind: kinds.find((kind) => CODE[kind] === code) ?? 'control', reason: messageOf(error) };
}
