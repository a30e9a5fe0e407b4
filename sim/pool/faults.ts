/** Faults a person or a test can switch on while the pool runs. Each is something a real pool has been seen to do. */
import { RigError } from '../../protocol/common/errors.ts';

export interface PoolFaults {
  /** Stay connected but send nothing any more. */
  silent: boolean;
  /** Take the TCP connection and ignore whatever comes. */
  halfOpen: boolean;
  /** A connection goes dead after so many good shares, or so long after its next job; new connections live as long again. */
  silentAfter: { shares: number } | { ms: number } | null;
  /** One byte a second of a line that never ends, and nothing else. */
  trickle: boolean;
  /** Answer the handshake, but send no job to a connection that has had none. */
  noJobs: boolean;
  /** Cut every connection so many milliseconds after its next job. */
  flappingMs: number | null;
  /** Put a line that is not JSON before every line. */
  garbage: boolean;
  /** Send difficulty and job right after subscribe, before authorize. */
  notifyBeforeAuthorize: boolean;
  /** Close the connection when mining.configure comes, as pools older than BIP310 do. */
  closeAfterConfigure: boolean;
  /** At a job refresh, change the extranonce and repeat the job under its old id. */
  sameJobNewExtranonce: boolean;
  /** Answer with results of the wrong type. */
  wrongShapes: boolean;
  /** Send every line this many milliseconds late; 0 = at once. */
  slowAnswersMs: number;
  /** Refuse every `every`th good share with `code`. */
  rejectNth: { every: number; code: number } | null;
  /** Refuse every worker. */
  unauthorized: boolean;
  /** Answer as an HTTP server. */
  http: boolean;
  /** Cut the connection after this many good shares. */
  dropAfterShares: number | null;
  /** Multiply the difficulty of every connection once by this factor, at its next job. */
  difficultyJump: number | null;
  /** Never answer mining.submit. */
  noSubmitAnswers: boolean;
}

export function noFaults(): PoolFaults {
  return {
    silent: false,
    halfOpen: false,
    silentAfter: null,
    trickle: false,
    noJobs: false,
    flappingMs: null,
    garbage: false,
    notifyBeforeAuthorize: false,
    closeAfterConfigure: false,
    sameJobNewExtranonce: false,
    wrongShapes: false,
    slowAnswersMs: 0,
    rejectNth: null,
    unauthorized: false,
    http: false,
    dropAfterShares: null,
    difficultyJump: null,
    noSubmitAnswers: false,
  };
}

interface FaultName {
  readonly usage: string;
  readonly help: string;
  /** Null when the value cannot be used. */
  readonly parse: (value: string | null) => Partial<PoolFaults> | null;
}

const flag = (fault: Partial<PoolFaults>) => (value: string | null) => (value === null ? fault : null);
const number = (make: (value: number) => Partial<PoolFaults>, fallback: number, least: number) => (text: string | null) => {
  const value = text === null ? fallback : Number(text);
  return Number.isFinite(value) && value >= least && text !== '' ? make(value) : null;
};

/** The names `--fault` takes. */
export const FAULT_NAMES: Readonly<Record<string, FaultName>> = {
  silent: { usage: 'silent', help: 'stay connected but say nothing', parse: flag({ silent: true }) },
  'half-open': { usage: 'half-open', help: 'take connections and ignore them', parse: flag({ halfOpen: true }) },
  'silent-after': { usage: 'silent-after[=N|=Ns]', help: 'a connection dead after N shares or seconds', parse: parseSilentAfter },
  trickle: { usage: 'trickle', help: 'one byte a second of a line that never ends', parse: flag({ trickle: true }) },
  'no-jobs': { usage: 'no-jobs', help: 'answer the handshake, send no job', parse: flag({ noJobs: true }) },
  flapping: { usage: 'flapping[=MS]', help: 'one job, then cut the connection MS later (default 500)', parse: number((flappingMs) => ({ flappingMs }), 500, 0) },
  garbage: { usage: 'garbage', help: 'a line of garbage before every line', parse: flag({ garbage: true }) },
  'notify-before-authorize': { usage: 'notify-before-authorize', help: 'first job right after subscribe', parse: flag({ notifyBeforeAuthorize: true }) },
  'close-after-configure': { usage: 'close-after-configure', help: 'close when mining.configure comes', parse: flag({ closeAfterConfigure: true }) },
  'same-job-new-extranonce': { usage: 'same-job-new-extranonce', help: 'at a refresh: new extranonce, same job id', parse: flag({ sameJobNewExtranonce: true }) },
  'wrong-shapes': { usage: 'wrong-shapes', help: 'answers of the wrong type', parse: flag({ wrongShapes: true }) },
  'slow-answers': { usage: 'slow-answers[=MS]', help: 'every line late (default 2000 ms)', parse: number((slowAnswersMs) => ({ slowAnswersMs }), 2000, 0) },
  'reject-nth': { usage: 'reject-nth[=N[:CODE]]', help: 'refuse every Nth share (default 5:20)', parse: parseRejectNth },
  unauthorized: { usage: 'unauthorized', help: 'refuse every worker', parse: flag({ unauthorized: true }) },
  http: { usage: 'http', help: 'answer as a web server', parse: flag({ http: true }) },
  'drop-after-shares': { usage: 'drop-after-shares[=N]', help: 'cut the connection after N shares (default 10)', parse: number((dropAfterShares) => ({ dropAfterShares }), 10, 1) },
  'difficulty-jump': { usage: 'difficulty-jump[=FACTOR]', help: 'difficulty times FACTOR at the next job (default 1000)', parse: number((difficultyJump) => ({ difficultyJump }), 1000, 1e-9) },
  'no-submit-answers': { usage: 'no-submit-answers', help: 'never answer mining.submit', parse: flag({ noSubmitAnswers: true }) },
};

function parseRejectNth(text: string | null): Partial<PoolFaults> | null {
  const match = /^([1-9]\d{0,5})(?::(-?\d{1,5}))?$/.exec(text ?? '5:20');
  return match ? { rejectNth: { every: Number(match[1]), code: Number(match[2] ?? 20) } } : null;
}

function parseSilentAfter(text: string | null): Partial<PoolFaults> | null {
  const match = /^(\d{1,6}(?:\.\d{1,3})?)(s?)$/.exec(text ?? '10');
  if (!match) return null;
  const value = Number(match[1]);
  if (match[2] === 's') return { silentAfter: { ms: value * 1000 } };
  return Number.isInteger(value) && value >= 1 ? { silentAfter: { shares: value } } : null;
}

/**
 * Reads one `--fault` value, `NAME` or `NAME=VALUE`.
 * @throws RigError E_FLAG_INVALID with the names there are
 */
export function parseFault(text: string): Partial<PoolFaults> {
  const cut = text.indexOf('=');
  const name = cut < 0 ? text : text.slice(0, cut);
  const known = Object.hasOwn(FAULT_NAMES, name) ? FAULT_NAMES[name] : undefined;
  if (!known) throw new RigError('E_FLAG_INVALID', `--fault: no fault is called "${name}"`, { hint: `Use one of: ${Object.keys(FAULT_NAMES).join(', ')}.` });
  const fault = known.parse(cut < 0 ? null : text.slice(cut + 1));
  if (!fault) throw new RigError('E_FLAG_INVALID', `--fault: "${text}" cannot be used`, { hint: `Write --fault ${known.usage}.` });
  return fault;
}
