/** Turns whatever was thrown into one message for a person or one object for a program, and an exit code. */
import { ERROR_CODES, messageOf, RigError } from '../../protocol/common/errors.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import type { CliIo } from './io.ts';

/**
 * Prints the error to stderr: `rigbrain: CODE: what — fix`, or a JSON object with `json`. The stack is shown only with
 * RIGBRAIN_LOG=debug or trace.
 * @returns the exit code
 */
export function reportError(io: CliIo, error: unknown, json: boolean): number {
  const rig = error instanceof RigError ? error : null;
  const code = rig?.code ?? 'E_INTERNAL';
  const message = messageOf(error);
  const hint = rig?.hint ?? ERROR_CODES.E_INTERNAL.fix;
  const exitCode = rig === null ? EXIT.failure : exitCodeOf(rig.code);
  const stack = wantsStack(io) && error instanceof Error ? error.stack : undefined;
  if (json) {
    io.err(JSON.stringify({ error: { code, message: message.trim(), hint, exit_code: exitCode, context: rig?.context ?? {}, ...(stack === undefined ? {} : { stack }) } }));
  } else {
    // A message of several lines (a list of problems) keeps its own shape; the fix then stands on a line of its own.
    io.err(message.includes('\n') ? `rigbrain: ${code}: ${message.trimEnd()}\n— ${hint}` : `rigbrain: ${code}: ${message} — ${hint}`);
    if (stack !== undefined) io.err(stack);
  }
  return exitCode;
}

function wantsStack(io: CliIo): boolean {
  return ['debug', 'trace'].includes(io.env.RIGBRAIN_LOG ?? '');
}
