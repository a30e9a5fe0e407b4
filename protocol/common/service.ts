/** Life cycle shared by everything that runs. Constructors do nothing; `start` may be aborted; `stop` is idempotent. */
export type ServiceState = 'new' | 'starting' | 'running' | 'stopping' | 'stopped' | 'failed';

export interface Service {
  /** Brings the service up. Rejects with the reason when it cannot run; honours `signal` at every await. */
  start(signal: AbortSignal): Promise<void>;
  /** Releases everything the service owns. Never throws, may be called in any state, twice is the same as once. */
  stop(): Promise<void>;
}
