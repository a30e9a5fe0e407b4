/** What others may ask of hunts: the hub, the command line, MQTT. `archive.ts` reads what is on the disk, running or not. */
import type { HuntTelemetry } from '../telemetry/state.ts';
import type { SolverParameters } from '../../kernels/spectral/parameters.ts';
import type { BoundsTable } from './genes.ts';
import type { HuntEvent } from './hunt.ts';
import type { Steering } from './hunter.ts';

/** What a new hunt may be given; what is left out is as configured. */
export interface StartHunt {
  readonly generations?: number;
  readonly population?: number;
  /** Of everything drawn at random: the same seed and settings give the same jobs. Default: drawn. */
  readonly seed?: number;
  readonly simulation?: Partial<SolverParameters>;
  readonly bounds?: BoundsTable;
  readonly golden_seeds?: number;
}

/** One hunt at a time. Everything it does is on the disk before anybody hears of it. */
export interface HuntControl {
  /** Cheap enough to call every second. */
  state(): HuntTelemetry;
  /** Begins a new hunt and returns once its folder is there; it goes on by itself. @throws RigError E_HUNT_BUSY, E_HUNT_SETTINGS, E_SOLVER_ARGUMENT */
  start(request: StartHunt): Promise<{ readonly hunt_id: string }>;
  /** Goes on with a paused hunt, or with one of the folder that was stopped or cut short (default: the newest). @throws RigError E_HUNT_BUSY, E_HUNT_UNKNOWN, E_HUNT_SETTINGS */
  resume(request?: { readonly hunt_id?: string; /** So many more than it has. */ readonly more_generations?: number }): Promise<{ readonly hunt_id: string }>;
  /** Begins no more jobs; those under way end. @throws RigError E_HUNT_SETTINGS when none runs */
  pause(): void;
  /** Ends what runs; jobs under way are begun again by `resume`. Resolves when all of it has ended. @throws RigError E_HUNT_SETTINGS when none runs */
  stop(): Promise<void>;
  /** From the next generation on. @throws RigError E_HUNT_SETTINGS that names the field, or when none runs */
  steer(steering: Steering): Promise<void>;
  /** @returns a function that ends the subscription */
  subscribe(listener: (event: HuntEvent) => void): () => void;
}
