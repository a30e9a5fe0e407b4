/** What a family of hardware gives `AsicDevice` to become a driver. */
import type { Located } from '../transport/contract.ts';
import type { Capability, DriverContext } from '../contract.ts';
import type { Board } from './board.ts';

export type FoundPorts = Extract<Located, { found: true }>;

export interface AsicParts {
  readonly title: string;
  readonly driver: string;
  readonly capabilities: readonly Capability[];
  /** Makes the board for ports that were just found; opens nothing. @throws RigError E_DEVICE_PORT when a port it needs is not among them */
  createBoard(found: FoundPorts): Board;
}

/** What `AsicDevice` is made of: `new AsicDevice(context, parts)`. */
export type AsicContext = Pick<DriverContext<unknown>, 'id' | 'clock' | 'log' | 'ports'>;
