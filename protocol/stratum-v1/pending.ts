import type { WireId } from './encode.ts';

export type RequestKind = 'configure' | 'subscribe' | 'authorize' | 'suggest_difficulty' | 'extranonce_subscribe' | 'submit';

export interface PendingRequest {
  readonly kind: RequestKind;
  /** Monotonic ms. */
  readonly sentAt: number;
  /** The owner's name for a submitted share. */
  readonly token: string | null;
}

/** Requests of one session that wait for an answer. Ids count from 1 and are never used twice. */
export class PendingRequests {
  readonly #byId = new Map<string, PendingRequest>();
  #lastId = 0;
  #submits = 0;

  /** Notes a request and returns its id. */
  add(kind: RequestKind, sentAt: number, token: string | null = null): number {
    this.#lastId += 1;
    this.#byId.set(String(this.#lastId), { kind, sentAt, token });
    if (kind === 'submit') this.#submits += 1;
    return this.#lastId;
  }

  /** Takes out the request an answer belongs to; ids are compared by value, as some pools return them as texts. */
  take(id: WireId): PendingRequest | null {
    const key = String(id);
    const request = this.#byId.get(key);
    if (id === null || request === undefined) return null;
    this.#byId.delete(key);
    if (request.kind === 'submit') this.#submits -= 1;
    return request;
  }

  has(kind: RequestKind): boolean {
    return [...this.#byId.values()].some((request) => request.kind === kind);
  }

  get submits(): number {
    return this.#submits;
  }

  /** The submit that waits longest. */
  oldestSubmit(): PendingRequest | null {
    for (const request of this.#byId.values()) if (request.kind === 'submit') return request;
    return null;
  }

  /** Takes out the submits sent at or before `sentAt`, oldest first. */
  takeSubmitsUntil(sentAt: number): PendingRequest[] {
    const taken: PendingRequest[] = [];
    for (const [key, request] of this.#byId) {
      if (request.kind !== 'submit') continue;
      if (request.sentAt > sentAt) break;
      this.#byId.delete(key);
      this.#submits -= 1;
      taken.push(request);
    }
    return taken;
  }
}
