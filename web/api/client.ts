/** Asks the hub: typed, with a deadline for every answer, and errors in plain words. */
import type { ComponentInfo, HuntDetail, HuntSummary, HuntTableRow, LedgerPage, Page, Provenance, RowOrder, SessionAnswer, StartHuntRequest } from '../../daemon/hub/api-types.ts';

const DEADLINE_MS = 15_000;

/** What the hub refused, or that it could not be asked. `status` 0 = no answer came. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string | null;
  readonly hint: string | null;

  constructor(status: number, message: string, code: string | null = null, hint: string | null = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
  }
}

/** Words for a person, with what to do about it. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof ApiError)) return sentence(error instanceof Error ? error.message : String(error));
  return [error.message, error.hint].flatMap((text) => (text === null || text === '' ? [] : [sentence(text)])).join(' ');
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;

interface Request {
  readonly method?: 'GET' | 'POST';
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

async function ask(path: string, { method = 'GET', body, signal }: Request = {}): Promise<Response> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
      ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, deadline.aborted ? `the hub did not answer within ${DEADLINE_MS / 1000} s` : 'the hub cannot be reached');
  }
  if (response.ok) return response;
  throw await refusal(response);
}

/** Both forms of a refusal: `{error: {code, message, hint}}`, and `{message}` of the first hubs. */
async function refusal(response: Response): Promise<ApiError> {
  const answer = (await response.json().catch(() => ({}))) as { readonly error?: { readonly code?: string; readonly message?: string; readonly hint?: string | null }; readonly message?: string };
  const message = answer.error?.message ?? answer.message ?? `the hub answered ${response.status}`;
  return new ApiError(response.status, message, answer.error?.code ?? null, answer.error?.hint ?? null);
}

async function read<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await ask(path, { signal })).json()) as T;
}

const send = async (path: string, body: unknown = {}): Promise<void> => void (await ask(path, { method: 'POST', body }));
const hunt = (huntId: string): string => `/api/hunts/${encodeURIComponent(huntId)}`;

export type FieldLayer = 'density' | 'phase' | 'omega_sq';

/** A layer of a run's last state, row by row. */
export interface FieldImage {
  readonly n: number;
  readonly dim: number;
  /** Of the box, in the equation's own unit. */
  readonly boxLength: number;
  readonly values: Float32Array;
}

export const api = {
  session: (): Promise<SessionAnswer> => read('/api/session'),
  login: (token: string): Promise<void> => send('/api/login', { token }),
  logout: (): Promise<void> => send('/api/logout'),
  pauseDevice: (id: string): Promise<void> => send(`/api/devices/${encodeURIComponent(id)}/pause`),
  resumeDevice: (id: string): Promise<void> => send(`/api/devices/${encodeURIComponent(id)}/resume`),
  startHunt: async (request: StartHuntRequest): Promise<{ readonly hunt_id: string }> => (await ask('/api/start-hunt', { method: 'POST', body: request })).json() as Promise<{ hunt_id: string }>,
  pauseHunt: (): Promise<void> => send('/api/hunt/pause'),
  /** Goes on with one that is paused, stopped or complete. */
  resumeHunt: (request: { readonly hunt_id?: string; readonly more_generations?: number } = {}): Promise<void> => send('/api/hunt/resume', request),
  stopHunt: (): Promise<void> => send('/api/hunt/stop'),
  hunts: async (signal?: AbortSignal): Promise<readonly HuntSummary[]> => (await read<{ hunts: HuntSummary[] }>('/api/hunts', signal)).hunts,
  hunt: (huntId: string, signal?: AbortSignal): Promise<HuntDetail> => read(hunt(huntId), signal),
  jobs: (huntId: string, { offset, limit, order }: { readonly offset: number; readonly limit: number; readonly order: RowOrder }, signal?: AbortSignal): Promise<Page<HuntTableRow>> => read(`${hunt(huntId)}/jobs?offset=${offset}&limit=${limit}&order=${order}`, signal),
  job: (huntId: string, jobUuid: string, signal?: AbortSignal): Promise<Provenance> => read(`${hunt(huntId)}/jobs/${encodeURIComponent(jobUuid)}`, signal),
  async field(huntId: string, jobUuid: string, layer: FieldLayer, signal?: AbortSignal): Promise<FieldImage> {
    const response = await ask(`${hunt(huntId)}/jobs/${encodeURIComponent(jobUuid)}/field?layer=${layer}`, { signal });
    const bytes = await response.arrayBuffer();
    const n = Number(response.headers.get('x-grid-n'));
    if (!Number.isInteger(n) || n < 1 || bytes.byteLength !== 4 * n * n) throw new ApiError(response.status, `the hub sent ${bytes.byteLength} bytes for a field of ${n} x ${n}`);
    const view = new DataView(bytes);
    return { n, dim: Number(response.headers.get('x-grid-dim')), boxLength: Number(response.headers.get('x-box-length')), values: Float32Array.from({ length: n * n }, (_, i) => view.getFloat32(4 * i, true)) };
  },
  fileUrl: (huntId: string, file: string): string => `${hunt(huntId)}/files/${file.split('/').map(encodeURIComponent).join('/')}`,
  ledger: ({ before, limit, kind }: { readonly before: number | null; readonly limit: number; readonly kind: string }, signal?: AbortSignal): Promise<LedgerPage> => read(`/api/ledger?limit=${limit}${before === null ? '' : `&before=${before}`}${kind === '' ? '' : `&kind=${encodeURIComponent(kind)}`}`, signal),
  components: async (signal?: AbortSignal): Promise<readonly ComponentInfo[]> => (await read<{ components: ComponentInfo[] }>('/api/get-components', signal)).components,
};
