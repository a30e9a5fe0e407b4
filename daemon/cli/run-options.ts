/** What `rigbrain run` hands to the daemon: everything is decided, checked and absolute by then. */
import type { RigConfig } from '../../config/schema.ts';
import type { SecretRef } from '../../config/secret-ref.ts';
import type { Origins } from '../../config/origin.ts';
import type { Mode } from '../brainstem/contract.ts';

export interface RunOptions {
  readonly mode: Mode;
  /** The effective configuration: defaults < file < conf.d < environment < flags. */
  readonly config: RigConfig;
  /** Where each value of `config` came from. */
  readonly configOrigins: Origins;
  /** The configuration file in use, absolute; null when there is none and the defaults are used. */
  readonly configFile: string | null;
  /** Absolute path of the folder where `Mining/` and `Test/` live. It exists. */
  readonly dataDir: string;
  /** Absolute path of the folder for what may be lost (kernel measurements); may not exist yet. null = keep nothing. */
  readonly cacheDir: string | null;
  /** `--max-attempts`: end each round after this many hashes; null = not given. 0 = only by time. */
  readonly maxAttempts: number | null;
  /** `--rounds`: stop after this many rounds; null = not given. 0 = never. */
  readonly rounds: number | null;
  /** `--kernel`: the hash kernel of every CPU device; null = the device's own option. */
  readonly kernel: string | null;
  /** `--threads`: hashing threads of every CPU device; null = the device's own option. */
  readonly threads: number | null;
  /** `--capture`: absolute path of the folder for captures of serial lines; null = none are made. */
  readonly captureDir: string | null;
  /** False after `--no-version-rolling`; the configured pools have it already, the demo's pool is made later. */
  readonly versionRolling: boolean;
  /** Plain JSON logs and no live status, even on a terminal. */
  readonly json: boolean;
  /** Only warnings and errors. */
  readonly quiet: boolean;
  /** The secret a reference stands for; null when there is no reference. @throws RigError E_SECRET_MISSING */
  resolveSecret(ref: SecretRef | undefined): string | null;
}
