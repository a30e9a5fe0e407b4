/** The one store of live state: what the hub's stream tells, whether it still tells it, and a bounded memory of it. */
import type { HuntNews, RigEvent, RigState } from '../../daemon/hub/api-types.ts';
import { api, ApiError } from '../api/client.ts';
import { appended, NO_SERIES, type Series } from './history.ts';
import { Store } from './store.ts';

/** A rig where nothing changes is silent, and so is a line that is dead: after so long the stream is opened anew, which brings the state. */
const SILENCE_MS = 10_000;
/** It is lost when that brings nothing. */
const ANSWER_MS = 6000;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 10_000;
const KEEP_SECS = 15 * 60;
const GAP_SECS = 20;
const KEEP_EVENTS = 60;

export type Connection = 'connecting' | 'live' | 'lost';

export interface Live {
  readonly connection: Connection;
  /** When the connection was lost, by the clock of this browser; null = it is not. */
  readonly lostAt: number | null;
  readonly state: RigState | null;
  /** When `state` came, by the clock of this browser. */
  readonly receivedAt: number;
  /** Clock of the rig less that of this browser, ms: ages are right although one of them is wrong. */
  readonly offsetMs: number;
  readonly hashrate: Series;
  /** Newest first. */
  readonly events: readonly RigEvent[];
  readonly news: readonly HuntNews[];
}

const NOTHING: Live = { connection: 'connecting', lostAt: null, state: null, receivedAt: 0, offsetMs: 0, hashrate: NO_SERIES, events: [], news: [] };
export const live = new Store<Live>(NOTHING);

let source: EventSource | null = null;
let retry: ReturnType<typeof setTimeout> | undefined;
let silence: ReturnType<typeof setTimeout> | undefined;
let retryMs = FIRST_RETRY_MS;
let whenRefused: () => void = () => {};

/** Opens the stream and keeps it open. @param refused called when the hub does not know this browser any more */
export function startLive(refused: () => void): void {
  stopLive();
  whenRefused = refused;
  window.addEventListener('online', hurry);
  document.addEventListener('visibilitychange', hurry);
  connect();
}

export function stopLive(): void {
  window.removeEventListener('online', hurry);
  document.removeEventListener('visibilitychange', hurry);
  disconnect();
  live.set(NOTHING);
}

/** A person looks at the page again: no need to wait for the next attempt. */
function hurry(): void {
  if (document.visibilityState === 'visible' && source === null) connect();
}

function disconnect(): void {
  clearTimeout(retry);
  clearTimeout(silence);
  source?.close();
  source = null;
}

function connect(): void {
  disconnect();
  const stream = new EventSource('/api/events');
  source = stream;
  const heard = (): void => {
    clearTimeout(silence);
    silence = setTimeout(connect, SILENCE_MS);
  };
  silence = setTimeout(() => void lost(), ANSWER_MS);
  stream.addEventListener('error', () => void (stream === source && lost()));
  listen<RigState>(stream, 'state', heard, takeState);
  listen<RigEvent>(stream, 'rig', heard, (event) => live.update((now) => ({ ...now, events: [event, ...now.events].slice(0, KEEP_EVENTS) })));
  listen<HuntNews>(stream, 'hunt', heard, (news) => live.update((now) => ({ ...now, news: [news, ...now.news].slice(0, KEEP_EVENTS) })));
}

function listen<T>(stream: EventSource, name: string, heard: () => void, take: (value: T) => void): void {
  stream.addEventListener(name, (message) => {
    if (stream !== source) return;
    heard();
    take(JSON.parse((message as MessageEvent<string>).data) as T);
  });
}

function takeState(state: RigState): void {
  retryMs = FIRST_RETRY_MS;
  const receivedAt = Date.now();
  const rigNow = state.node.started_at + state.node.uptime_secs * 1000;
  live.update((now) => ({
    ...now,
    connection: 'live',
    lostAt: null,
    state,
    receivedAt,
    // The rig tells its uptime in whole seconds: what is within them is no difference of clocks.
    offsetMs: Math.abs(rigNow - receivedAt) < 3000 ? 0 : rigNow - receivedAt,
    hashrate: appended(now.hashrate, Math.round(receivedAt / 1000), state.mining.hashrate_hs, { keepSecs: KEEP_SECS, gapSecs: GAP_SECS }),
  }));
}

/** Told at once, tried again soon and then less often; whether the hub still knows this browser is asked each time. */
async function lost(): Promise<void> {
  disconnect();
  live.update((now) => (now.connection === 'lost' ? now : { ...now, connection: 'lost', lostAt: Date.now() }));
  retry = setTimeout(connect, retryMs);
  retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 1.7);
  const isRefused = await api.session().then(
    ({ authenticated }) => !authenticated,
    (error: unknown) => error instanceof ApiError && error.status === 401,
  );
  if (isRefused) whenRefused();
}
