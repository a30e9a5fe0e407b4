/** What goes wrong, as an answer. */
import { RigError, messageOf, type ErrorCode } from '../../protocol/common/errors.ts';

/** A refusal with its HTTP status. */
export class HubRefusal extends RigError {
  readonly status: number;
  /** Seconds until it is worth trying again. */
  readonly retryAfter: number | null;

  constructor(status: number, code: ErrorCode, message: string, options: { readonly hint?: string; readonly retryAfter?: number; readonly cause?: unknown } = {}) {
    super(code, message, { ...(options.hint !== undefined && { hint: options.hint }), ...(options.cause !== undefined && { cause: options.cause }) });
    this.status = status;
    this.retryAfter = options.retryAfter ?? null;
  }
}

/** Answers by code, where they are not 500. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  E_HUNT_BUSY: 409,
  E_HUNT_UNKNOWN: 404,
  E_HUNT_SETTINGS: 400,
  E_SOLVER_ARGUMENT: 400,
  E_HUNT_QUEUE: 503,
  E_DATA_DIR: 503,
  E_HUB_REQUEST: 400,
  E_FLAG_INVALID: 400,
  E_COMMAND_INVALID: 400,
};

export interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string };
  /** Of a 409, where scripts of the first hubs look for it. */
  readonly message?: string;
}

/** Nothing of the inside of the daemon is told: what is no RigError is a defect, and goes to the log only. */
export function errorAnswer(error: unknown): { readonly status: number; readonly body: ErrorBody; readonly retryAfter: number | null; readonly isDefect: boolean } {
  const refusal = error instanceof RigError ? error : fromFastify(error);
  if (refusal === null) return { status: 500, body: body('E_INTERNAL', 'the request could not be answered', 'Look into the log of the daemon.', 500), retryAfter: null, isDefect: true };
  const status = refusal instanceof HubRefusal ? refusal.status : (STATUS[refusal.code] ?? 500);
  return { status, body: body(refusal.code, refusal.message, refusal.hint, status), retryAfter: refusal instanceof HubRefusal ? refusal.retryAfter : null, isDefect: status === 500 };
}

function body(code: string, message: string, hint: string, status: number): ErrorBody {
  return { error: { code, message, hint }, ...(status === 409 && { message }) };
}

/** Bodies that are too big or of another type. */
function fromFastify(error: unknown): HubRefusal | null {
  const { statusCode } = error as { statusCode?: number };
  if (statusCode === undefined || statusCode < 400 || statusCode >= 500) return null;
  if (statusCode === 413) return new HubRefusal(413, 'E_HUB_REQUEST', 'the body is too big');
  if (statusCode === 415) return new HubRefusal(415, 'E_HUB_REQUEST', 'the body must be application/json');
  return new HubRefusal(statusCode, 'E_HUB_REQUEST', messageOf(error));
}
