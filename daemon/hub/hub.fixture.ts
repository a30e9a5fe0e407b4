/** A hub with everything around it made up, and a client that is logged in. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach } from 'vitest';
import { z } from 'zod';
import { configSchema } from '../../config/schema.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import { systemClock } from '../../protocol/common/clock.ts';
import { silentLog, type Log } from '../../protocol/common/log.ts';
import { FakeStateSource } from '../telemetry/rig-state.fixture.ts';
import type { RigEvent } from './api-types.ts';
import { Hub, type HubOptions } from './hub.ts';
import type { Gate } from './gate.ts';
import type { HubParts } from './ports.ts';
import { errorSchema } from './schemas.ts';
import { hubRoutes } from './server.ts';
import type { StateText } from './state-text.ts';
import type { Streams } from './streams.ts';

export const TOKEN = 'a-token-for-tests-only';

export interface TestHub {
  readonly hub: Hub;
  readonly url: string;
  readonly state: FakeStateSource;
  readonly dataDir: string;
  tell(event: RigEvent): void;
  /** A request with the token, unless `init` has headers of its own. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  post(path: string, body?: unknown): Promise<Response>;
  close(): Promise<void>;
}

export interface TestHubOptions {
  readonly config?: Partial<HubOptions['config']>;
  readonly parts?: Partial<HubParts>;
  readonly clock?: Clock;
  readonly log?: Log;
  readonly streamLimits?: HubOptions['streamLimits'];
  readonly webFolder?: string;
  readonly dataDir?: string;
}

const ROUTES = hubRoutes({ gate: {} as Gate, rig: { version: '', hunts: null } as HubParts, state: {} as StateText, streams: {} as Streams }).map((route) => ({ ...route, pattern: new RegExp(`^${route.path.replaceAll(/:\w+/g, '[^/]+').replace('*', '.+')}$`) }));

/** Whatever a test asks for: the answer is what /api/openapi.json says. */
async function holdAgainstSchema(method: string, to: string, answer: Response): Promise<void> {
  const kind = ROUTES.find((route) => route.method === method && route.pattern.test(to.split('?')[0]!))?.answers[answer.status] ?? (answer.status >= 400 ? errorSchema : undefined);
  if (!(kind instanceof z.ZodType)) return;
  const checked = kind.safeParse(await answer.clone().json());
  if (!checked.success) throw new Error(`${method} ${to} answered ${answer.status} with something else than it promises: ${z.prettifyError(checked.error)}`);
}

/** On a free port of this machine. */
export async function startHub({ config = {}, parts = {}, clock = systemClock, log = silentLog, dataDir: given, ...rest }: TestHubOptions = {}): Promise<TestHub> {
  const dataDir = given ?? mkdtempSync(path.join(os.tmpdir(), 'rigbrain-hub-'));
  const state = new FakeStateSource();
  const listeners = new Set<(event: RigEvent) => void>();
  const hub = new Hub(
    { config: { ...configSchema.parse({}).hub, port: 0, ...config }, dataDir, mode: 'demo', token: TOKEN, ...(rest.streamLimits && { streamLimits: rest.streamLimits }), webFolder: rest.webFolder ?? path.join(dataDir, 'web') },
    {
      version: '0.0.0',
      state,
      onRigEvent(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      tell: () => {},
      commands: { pause: async () => ({}), resume: async () => ({}) },
      hunts: null,
      ledger: { page: async () => ({ entries: [], next_before: null }) },
      components: null,
      ...parts,
    },
    { clock, log },
  );
  await hub.start(new AbortController().signal);
  const ask = async (to: string, init: RequestInit = {}): Promise<Response> => {
    const answer = await fetch(`${hub.url}${to}`, { headers: { authorization: `Bearer ${TOKEN}` }, ...init });
    await holdAgainstSchema(init.method ?? 'GET', to, answer);
    return answer;
  };
  return {
    hub,
    url: hub.url ?? '',
    state,
    dataDir,
    tell: (event) => listeners.forEach((listener) => listener(event)),
    ask,
    post: (to, body) => ask(to, { method: 'POST', headers: { authorization: `Bearer ${TOKEN}`, ...(body !== undefined && { 'content-type': 'application/json' }) }, ...(body !== undefined && { body: JSON.stringify(body) }) }),
    async close() {
      await hub.stop();
      if (given === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Done after the present test, the last that was asked for first. */
export const afterTest = (cleanup: () => unknown): void => void cleanups.push(cleanup);

/** A hub that is closed after the present test. */
export async function hubForTest(options: TestHubOptions = {}): Promise<TestHub> {
  const started = await startHub(options);
  afterTest(() => started.close());
  return started;
}
