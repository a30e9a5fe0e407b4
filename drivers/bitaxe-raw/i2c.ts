/** The I2C bus of a board, through its control port. */
import { i2cSetHz, i2cWrite, i2cWriteRead } from '../../protocol/bitaxe-raw/commands.ts';
import type { RegisterWrite } from '../../protocol/board-chips/reading.ts';
import { RigError } from '../../protocol/common/errors.ts';
import { controlFailure, type ControlClient, type ControlFailure, type RequestOptions } from './control-client.ts';

/** What asks the control port: the client itself, or a view of it that ends with an operation. */
export type Requester = Pick<ControlClient, 'request'>;

/** A view that asks nothing any more once the signal is aborted: an operation that was ended cannot touch the board behind anyone's back. */
export function requesterUntil(client: Requester, signal: AbortSignal): Requester {
  return {
    async request(command, what, options) {
      signal.throwIfAborted();
      const data = await client.request(command, what, options);
      signal.throwIfAborted();
      return data;
    },
  };
}

/**
 * Asks a second time when something was refused or not answered. Everything that is asked here may be asked twice: levels and
 * registers are set to values, not changed by amounts.
 */
export function requesterTwice(client: Requester, after: readonly ControlFailure[] = ['refused', 'timeout']): Requester {
  return {
    async request(command, what, options) {
      try {
        return await client.request(command, what, options);
      } catch (error) {
        const failure = controlFailure(error);
        if (failure === null || !after.includes(failure)) throw error;
        return client.request(command, what, options);
      }
    },
  };
}

/** All chips of the boards can do this; faster ones gain nothing for a few reads a second. */
export const I2C_HZ = 100_000;

/** Every method @throws RigError E_DEVICE_CONTROL when the chip or the bridge does not answer */
export interface I2c {
  setSpeed(): Promise<void>;
  write(write: RegisterWrite, what: string, options?: RequestOptions): Promise<void>;
  /** `length` bytes at a register. */
  read(address: number, register: number, length: number, what: string, options?: RequestOptions): Promise<Uint8Array>;
}

/** @param always options of every request that names none of its own */
export function i2cOver(client: Requester, always: RequestOptions = {}): I2c {
  return {
    async setSpeed() {
      await client.request(i2cSetHz(I2C_HZ), 'setting the I2C speed', always);
    },
    async write({ address, bytes }, what, options) {
      await client.request(i2cWrite(address, bytes), what, options ?? always);
    },
    async read(address, register, length, what, options) {
      const data = await client.request(i2cWriteRead(address, Uint8Array.of(register), length), what, options ?? always);
      if (data.length !== length) throw new RigError('E_DEVICE_CONTROL', `${what} failed: ${data.length} bytes came instead of ${length}`, { context: { failure: 'refused' } });
      return data;
    },
  };
}
