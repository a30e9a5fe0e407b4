/** Asks the hub of a running daemon, from the same machine. */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { ERROR_CODES, messageOf, RigError, type ErrorCode } from '../../../protocol/common/errors.ts';
import type { HubAddress } from '../../hub/address-file.ts';

/** Longest time for one answer, milliseconds: a start makes a folder and a journal on whatever disk there is. */
const DEADLINE_MS = 30_000;
const MOST_BYTES = 16 << 20;

export interface HubCall {
  readonly method: 'GET' | 'POST';
  /** Begins with /api/. */
  readonly path: string;
  readonly body?: unknown;
}

export class HubClient {
  readonly address: HubAddress;
  readonly #token: string;
  readonly #deadlineMs: number;

  constructor(address: HubAddress, token: string, deadlineMs = DEADLINE_MS) {
    this.address = address;
    this.#token = token;
    this.#deadlineMs = deadlineMs;
  }

  /**
   * @returns what it answered with, null without a body
   * @throws RigError the hub's own refusal; E_HUB when it does not answer, or nothing that can be understood
   */
  async call<T>({ method, path, body }: HubCall): Promise<T> {
    const { status, text } = await this.#send(method, path, body);
    let answer: unknown;
    try {
      answer = text === '' ? null : JSON.parse(text);
    } catch (error) {
      throw this.#failure(`answered ${status} with something else than JSON`, error);
    }
    if (status >= 200 && status < 300) return answer as T;
    throw this.#refusal(status, answer);
  }

  #send(method: string, path: string, body: unknown): Promise<{ status: number; text: string }> {
    const { url, cert } = this.address;
    const payload = body === undefined ? null : JSON.stringify(body);
    const headers = { authorization: `Bearer ${this.#token}`, accept: 'application/json', ...(payload !== null && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }) };
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => reject(this.#failure(messageOf(error), error));
      const onAnswer = (response: http.IncomingMessage): void => {
        const pieces: Buffer[] = [];
        let bytes = 0;
        response.on('data', (piece: Buffer) => {
          bytes += piece.length;
          if (bytes > MOST_BYTES) request.destroy(new Error('the answer is too long'));
          else pieces.push(piece);
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString('utf8') }));
        response.on('error', fail);
      };
      const options = { method, headers, signal: AbortSignal.timeout(this.#deadlineMs) };
      let request: http.ClientRequest;
      try {
        // The certificate is the daemon's own, taken from its file: which names stand in it does not matter on the way to oneself.
        request = cert === null ? http.request(url + path, options, onAnswer) : https.request(url + path, { ...options, ca: readFileSync(cert), checkServerIdentity: () => undefined }, onAnswer);
      } catch (error) {
        return fail(error);
      }
      request.on('error', fail);
      request.end(payload ?? undefined);
    });
  }

  #refusal(status: number, answer: unknown): RigError {
    const { error, message } = (answer ?? {}) as { error?: { code?: string; message?: string; hint?: string }; message?: string };
    const code = error?.code !== undefined && error.code in ERROR_CODES ? (error.code as ErrorCode) : status === 409 ? 'E_HUNT_BUSY' : status === 401 || status === 403 ? 'E_HUB_AUTH' : 'E_HUB';
    return new RigError(code, error?.message ?? message ?? `the hub answered ${status}`, { context: { url: this.address.url, status }, ...(error?.hint !== undefined && { hint: error.hint }) });
  }

  #failure(why: string, cause: unknown): RigError {
    return new RigError('E_HUB', `the hub at ${this.address.url} does not answer: ${why}`, { cause, context: { url: this.address.url, pid: this.address.pid }, hint: `A daemon (process ${this.address.pid}) runs on this data folder; look into its log, or stop it to run hunts without it.` });
  }
}
