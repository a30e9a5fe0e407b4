/** What the hub needs of the rig around it. */
import type { HuntArchive } from '../hunt/archive.ts';
import type { HuntControl } from '../hunt/control.ts';
import type { CommandHandler } from '../telemetry/commands.ts';
import type { RigEvent, StateSource } from '../telemetry/state.ts';
import type { ComponentInfo, LedgerPage } from './api-types.ts';

/** Hunts of this data folder, running or not. Everything rejects with E_HUNT_UNKNOWN for what is not there. */
export type HubArchive = Pick<HuntArchive, 'list' | 'detail' | 'rows' | 'provenance' | 'field' | 'filePath' | 'golden'>;

export interface LedgerPages {
  /** Newest first. @param before only entries with a smaller number */
  page(question: { readonly before?: number | undefined; readonly limit: number; readonly kind?: string | undefined }): Promise<LedgerPage>;
}

export interface HubParts {
  readonly version: string;
  readonly state: StateSource;
  /** Tells every event of the rig from now on. @returns a function that ends it */
  onRigEvent(listener: (event: RigEvent) => void): () => void;
  /** Tells that the hub does not serve, and that it does again. */
  tell(type: 'hub_failed' | 'hub_recovered', message: string): void;
  readonly commands: Pick<CommandHandler, 'pause' | 'resume'>;
  /** Null = hunts are off. */
  readonly hunts: { readonly control: HuntControl; readonly archive: HubArchive } | null;
  readonly ledger: LedgerPages;
  /** Null = there are none. */
  readonly components: (() => Promise<readonly ComponentInfo[]>) | null;
}
