/**
 * Exit codes, so that a service manager knows whether a restart can help. Numbers from BSD sysexits.h.
 */
import type { ErrorCode } from '../../protocol/common/errors.ts';

export const EXIT = {
  ok: 0,
  /** Something went wrong; a restart may help. */
  failure: 1,
  /** EX_UNAVAILABLE: hardware or a service is not there; try again later. */
  unavailable: 69,
  /** EX_CONFIG: configuration or command line is wrong; a restart cannot help. */
  config: 78,
} as const;

const CODES: Readonly<Partial<Record<ErrorCode, number>>> = {
  E_CONFIG_INVALID: EXIT.config,
  E_CONFIG_NOT_FOUND: EXIT.config,
  E_SECRET_MISSING: EXIT.config,
  E_BLUEPRINT_INVALID: EXIT.config,
  E_FLAG_INVALID: EXIT.config,
  E_MODE_UNKNOWN: EXIT.config,
  E_LIVE_NOT_ENABLED: EXIT.config,
  E_DEVICE_UNKNOWN: EXIT.config,
  E_POOL_URL: EXIT.config,
  E_POOL_UNTRUSTED: EXIT.config,
  E_POOL_PROXY: EXIT.config,
  E_ADDRESS_INVALID: EXIT.config,
  E_HUNT_SETTINGS: EXIT.config,
  E_HUNT_UNKNOWN: EXIT.config,
  E_SOLVER_ARGUMENT: EXIT.config,
  E_HUB_AUTH: EXIT.config,
  E_HUNT_BUSY: EXIT.unavailable,
  E_HUNT_QUEUE: EXIT.unavailable,
  E_HUB: EXIT.unavailable,
  E_DATA_DIR: EXIT.unavailable,
  E_HASHER_UNAVAILABLE: EXIT.unavailable,
  E_HASHER_SELF_TEST: EXIT.unavailable,
  E_POOL_CONNECT: EXIT.unavailable,
  E_POOL_SILENT: EXIT.unavailable,
  E_POOL_TLS: EXIT.unavailable,
  E_NODE_RPC: EXIT.unavailable,
  E_MQTT_CONNECT: EXIT.unavailable,
  E_PORT_IN_USE: EXIT.unavailable,
  E_SIM_TTY: EXIT.unavailable,
  E_UDEV: EXIT.unavailable,
};

/** The exit code for an error that ended the program. */
export function exitCodeOf(code: ErrorCode): number {
  return CODES[code] ?? EXIT.failure;
}
