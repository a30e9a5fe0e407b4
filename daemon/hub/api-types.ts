/**
 * What the hub answers, for its page (`web/` imports types from here and from what this file re-exports, nothing else).
 *
 * Everything under /api needs the cookie of a login or `Authorization: Bearer TOKEN`, but `GET /api/session` and `POST /api/login`.
 * Errors: `{error: {code, message, hint}}` with 400 (the message names the field), 401, 403 (of another site, or by an unknown name), 404,
 * 409 (with the message once more as `message`), 413, 415, 429 and 503 (both with Retry-After), 500. POST takes `application/json` or nothing.
 *
 *   GET  /api/session                                   -> SessionAnswer
 *   POST /api/login {token}                             -> 204 and a cookie | 401 | 429
 *   POST /api/logout                                    -> 204
 *   GET  /api/state                                     -> RigState
 *   GET  /api/events                                    -> Server-Sent Events: `state` RigState (at once, then at most one a second and only when it changed),
 *        `hunt` HuntNews, `rig` RigEvent; ended by the hub when the login ends or nothing is read
 *   POST /api/start-hunt StartHuntRequest               -> 202 {status: 'Hunt Started', hunt_id} | 409 {message}
 *   GET  /api/get-status                                -> HubStatus
 *   POST /api/hunt/pause | stop                         -> 202 {status} | 409 {message}
 *   POST /api/hunt/resume {hunt_id, more_generations}   -> 202 {status, hunt_id} | 404 | 409 {message}; both may be left out
 *   POST /api/hunt/steer Steering                       -> 202 {status} | 409 {message}
 *   GET  /api/hunts                                     -> {hunts: HuntSummary[]}, newest first
 *   GET  /api/hunts/:hunt_id                            -> HuntDetail
 *   GET  /api/hunts/:hunt_id/jobs?offset&limit&order    -> Page<HuntTableRow>
 *   GET  /api/hunts/:hunt_id/jobs/:job_uuid             -> Provenance
 *   GET  /api/hunts/:hunt_id/jobs/:job_uuid/field?layer=density|phase|omega_sq
 *        -> float32, little endian, row by row (of three dimensions the middle layer); headers X-Grid-N, X-Grid-Dim, X-Box-Length
 *   GET  /api/hunts/:hunt_id/files/*                    -> a file of HuntDetail.files, as a download
 *   GET  /api/ledger?before&limit&kind                  -> LedgerPage: entries of the rig's own ledger, newest first; may be short or empty before its end
 *   GET  /api/get-components                            -> {components: ComponentInfo[]}
 *   POST /api/devices/:id/pause | resume                -> 202 {status} | 404 | 409
 *   GET  /api/openapi.json                              -> all of this for programs
 */
export type { RigState, RigEvent, HuntTelemetry, HuntBest, HuntStatus } from '../telemetry/state.ts';
export type { GenerationSummary, HuntDetail, HuntSummary, HuntTableRow, RowOrder } from '../hunt/archive-types.ts';
export type { Golden } from '../hunt/golden.ts';
export type { Provenance } from '../hunt/provenance.ts';
export type { Steering } from '../hunt/hunter.ts';

export interface SessionAnswer {
  readonly authenticated: boolean;
  readonly version: string;
}

/** All of it may be left out. */
export interface StartHuntRequest {
  readonly num_generations?: number;
  readonly population_size?: number;
  readonly seed?: number;
  readonly simulation?: Readonly<Record<string, number | string>>;
  readonly bounds?: Readonly<Record<string, { readonly min: number; readonly max: number; readonly scale?: 'linear' | 'log' }>>;
  readonly golden_seeds?: number;
}

/** The keys and spellings of the first hubs, so that their scripts go on working; the whole state is in /api/state. */
export interface HubStatus {
  /** `Idle`, `Running`, `Paused`, `Stopped`, `Completed` or `Error: ...` */
  readonly hunt_status: string;
  readonly last_event: string;
  /** Six decimals, or `-`. */
  readonly last_sse: string;
  /** Six decimals, or `2.761e-6` below 0.001, or `-`. */
  readonly last_h_norm: string;
  /** p-value of the same run, so that nobody takes noise for a find. */
  readonly last_p_value: string;
  /** Provenance files of the hunt, in the order they came. */
  readonly found_files: readonly string[];
  /** Empty until a hunt is completed: then its best run, its columns and sncgl_params, sdg_params. */
  readonly final_result: Readonly<Record<string, unknown>>;
  readonly current_gen: number | null;
  readonly total_gens: number | null;
  readonly last_job_id: string | null;
}

/** What the stream says of a hunt, beside the state. */
export interface HuntNews {
  readonly kind: 'state' | 'generation' | 'job-started' | 'job-ended' | 'golden';
  readonly hunt_id: string;
  readonly message: string;
  readonly at: number;
  readonly job_uuid: string | null;
}

export interface Page<T> {
  readonly total: number;
  readonly offset: number;
  readonly rows: readonly T[];
}

export interface LedgerPage {
  readonly entries: readonly { readonly seq: number; readonly at: string; readonly kind: string; readonly summary: string; readonly data: Readonly<Record<string, unknown>> }[];
  /** To be given as `before` for the next page; null = there are no older ones. */
  readonly next_before: number | null;
}

export interface ComponentInfo {
  readonly name: string;
  readonly version: string | null;
  readonly component_path: string;
  readonly description: string | null;
  /** False = it is quarantined for `reason`. */
  readonly usable: boolean;
  readonly reason: string | null;
  readonly manifest: Readonly<Record<string, unknown>> | null;
}
