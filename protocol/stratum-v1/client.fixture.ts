import { StratumV1Client } from './client.ts';
import { DEADLINES } from './limits.ts';
import { NO_HINTS, type ClientOptions } from './options.ts';
import type { ClientOutput } from './outputs.ts';

/** Options of a well-behaved client, for tests. */
export const TEST_OPTIONS: ClientOptions = {
  userAgent: 'rigbrain/0.1.0',
  user: 'account.worker',
  password: 'x',
  host: 'pool.example',
  tls: false,
  versionMask: 0x1fffe000,
  minimumDifficulty: null,
  suggestDifficulty: null,
  subscribeExtranonce: false,
  submitStale: false,
  hints: NO_HINTS,
  deadlines: DEADLINES,
};

export const MASK_ANSWER = { id: 1, result: { 'version-rolling': true, 'version-rolling.mask': '1fffe000' }, error: null };
export const SUBSCRIBE_ANSWER = { id: 2, result: [[['mining.notify', 'ae6812eb']], '08000002', 4], error: null };
export const AUTHORIZE_ANSWER = { id: 3, result: true, error: null };

/** A mining.notify (regtest difficulty, height 21) with what the test wants different. */
export function notifyLine(jobId: string, changes: { prev?: string; clean?: boolean; version?: string; coinb2?: string } = {}): object {
  const coinb1 = '01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff10011504eeb4006b';
  const coinb2 = changes.coinb2 ?? 'ffffffff0100f2052a010000000151000000' + '00';
  return {
    id: null,
    method: 'mining.notify',
    params: [jobId, (changes.prev ?? 'a1').repeat(32), coinb1, coinb2, [], changes.version ?? '20000000', '207fffff', '6b00b4ee', changes.clean ?? false],
  };
}

/** A client with a hand-set time and JSON in and out. */
export class TestClient {
  readonly client: StratumV1Client;
  now = 0;

  constructor(options: Partial<ClientOptions> = {}) {
    this.client = new StratumV1Client({ ...TEST_OPTIONS, ...options });
  }

  connect(): ClientOutput[] {
    return this.client.connected(this.now);
  }

  /** Feeds messages, each as one line, in one chunk. */
  feed(...messages: (object | string)[]): ClientOutput[] {
    const text = messages.map((message) => `${typeof message === 'string' ? message : JSON.stringify(message)}\n`).join('');
    return this.client.receive(new TextEncoder().encode(text), this.now);
  }

  /** Connects and answers the whole handshake. */
  handshake(): ClientOutput[] {
    return [...this.connect(), ...this.feed(MASK_ANSWER, SUBSCRIBE_ANSWER, AUTHORIZE_ANSWER)];
  }

  /** Moves time to every deadline on the way to `ms` from now, as an owner with a timer would. */
  advance(ms: number): ClientOutput[] {
    const end = this.now + ms;
    const outputs: ClientOutput[] = [];
    for (let next = this.client.nextDeadline(); next !== null && next <= end; next = this.client.nextDeadline()) {
      this.now = next;
      outputs.push(...this.client.tick(this.now));
    }
    this.now = end;
    return outputs;
  }

  submit(jobSequence: number, token = 't1', changes: { version?: number; isBlock?: boolean; extranonce2?: Uint8Array } = {}): ClientOutput[] {
    const share = { token, jobSequence, extranonce2: Uint8Array.of(0, 0, 0, 1), ntime: 0x6b00b4ee, nonce: 0x00092c23, version: 0x20000000, isBlock: false, ...changes };
    return this.client.submit(share, this.now);
  }
}

/** Outputs of one type, in order. */
export function only<Type extends ClientOutput['type']>(outputs: readonly ClientOutput[], type: Type): Extract<ClientOutput, { type: Type }>[] {
  return outputs.filter((output): output is Extract<ClientOutput, { type: Type }> => output.type === type);
}

/** Sent lines, parsed. */
export function sent(outputs: readonly ClientOutput[]): { id: number; method: string; params: unknown[] }[] {
  return only(outputs, 'send').map(({ line }) => JSON.parse(line) as { id: number; method: string; params: unknown[] });
}
