/**
 * The one error type of the project. Every error a person may see has a stable code, so that it can be
 * looked up in docs/errors.md, counted in telemetry and matched in tests without reading its prose.
 */

/** What a code means and what to do about it. `docs/errors.md` is checked against this table by a test. */
export const ERROR_CODES = {
  E_CONFIG_INVALID: { summary: 'The configuration file does not match the schema.', fix: 'Correct the file at the line and column named, then run `rigbrain check`.' },
  E_CONFIG_NOT_FOUND: { summary: 'The configuration file does not exist.', fix: 'Pass --config FILE, or copy config/rig.yaml and edit it.' },
  E_SECRET_MISSING: { summary: 'A secret that the configuration refers to could not be read.', fix: 'Set the environment variable or create the file named, readable only by the daemon.' },
  E_BLUEPRINT_INVALID: { summary: 'Brain.QTL is not a valid blueprint.', fix: 'Correct Brain.QTL at the line named; nothing was created from it.' },
  E_FLAG_INVALID: { summary: 'A flag has an unknown name or a value outside its range.', fix: 'Run `rigbrain run --help` for the flags and their ranges.' },
  E_MODE_UNKNOWN: { summary: 'An unknown mode was asked for.', fix: 'Use demo, test, staging or live.' },
  E_LIVE_NOT_ENABLED: { summary: 'Live mode was asked for without the explicit opt-in.', fix: 'Set `mining.live: true` in the configuration, or use --demo, --test or --staging.' },
  E_DATA_DIR: { summary: 'The data folder cannot be used.', fix: 'Create the folder or pass --data DIR with one the daemon may write.' },
  E_LEDGER_WRITE: { summary: 'The disk did not take ledger entries, or the files that show them.', fix: 'Free disk space or make the folder writable. Entries are kept in the layer named and brought back by themselves; files follow from the journal.' },
  E_LEDGER_LOST: { summary: 'A ledger entry could not be kept in any layer.', fix: 'Free disk space or make the data folder writable; the number of lost entries is in the telemetry.' },
  E_LEDGER_CORRUPT: { summary: 'A file of the ledger, or a line of its journal, was not what it should be.', fix: 'Nothing to do for a file: it is made anew from the journal, and the old one is kept under the name told. For a line of the journal keep a copy of the folder, then run `rigbrain ledger verify`.' },
  E_HASHER_UNAVAILABLE: { summary: 'The hash kernel asked for cannot run on this machine.', fix: 'Use `kernel: auto`, or build the native kernels with `npm run build:native`.' },
  E_HASHER_SELF_TEST: { summary: 'A hash kernel failed its self-test and is not used.', fix: 'Report the CPU model; another kernel is used meanwhile.' },
  E_HASHER_ARGUMENT: { summary: 'The hasher was given a malformed job or option.', fix: 'Correct the field named; from the command line this is a defect, please report it.' },
  E_HASHER_THREAD: { summary: 'A hashing thread ended by an error.', fix: 'Restart the device; please report it with the log lines around it if it comes back.' },
  E_SOLVER_ARGUMENT: { summary: 'The field solver was given a parameter outside its range.', fix: 'Correct the field named; the ranges stand beside it.' },
  E_HUNT_SETTINGS: { summary: 'A hunt was given a setting outside its range, or is told to do what it cannot do now.', fix: 'Correct the field named; the ranges stand beside it.' },
  E_HUNT_JOURNAL: { summary: 'The journal of a hunt is not what it should be.', fix: 'Keep a copy of the folder of the hunt and start another hunt; the provenance files of the old one are all there.' },
  E_HUNT_STEP: { summary: 'A simulation or its validation did not end as it should.', fix: 'Nothing to do: the job is on record with its reason, and the hunt goes on.' },
  E_HUNT_BUSY: { summary: 'A hunt runs already.', fix: 'Wait until it ends, or stop it first.' },
  E_HUNT_UNKNOWN: { summary: 'There is no such hunt, job or file.', fix: 'Run `rigbrain hunt status --all` for the hunts of this data folder.' },
  E_HUNT_QUEUE: { summary: 'The job queue of hunts (Redis) cannot be used.', fix: 'Check `hunt.redis` and that Redis runs; jobs under way are begun again by themselves.' },
  E_TDA_INPUT: { summary: 'A file for the topological analysis cannot be used.', fix: 'Give a provenance file of a hunt with its field file beside it, or a CSV with columns x,y and optionally z.' },
  E_COMPONENT: { summary: 'An analysis component cannot be used.', fix: 'Correct its component_manifest.json at the field named; other components are not touched.' },
  E_HUB: { summary: 'The control hub cannot serve.', fix: 'Check `hub.host`, `hub.port` and `hub.tls`; mining goes on without it.' },
  E_HUB_AUTH: { summary: 'A request to the control hub was refused.', fix: 'Log in with the token (`rigbrain hub token` shows it), from an address and name the hub is served at.' },
  E_HUB_REQUEST: { summary: 'A request to the control hub makes no sense.', fix: 'Correct the field named; /api/openapi.json describes every request.' },
  E_CAPTURE: { summary: 'A capture of a serial line cannot be read or written.', fix: 'To read: give a file of JSON lines with "dir" ("tx" or "rx") and "hex". To write: a place where you may write.' },
  E_DEVICE_UNKNOWN: { summary: 'No driver has the id named in the configuration.', fix: 'Run `rigbrain devices` for the drivers and devices this installation knows.' },
  E_DEVICE_PORT: { summary: 'A port of a device cannot be opened, or went away.', fix: 'Plug it in again, stop the program that holds the port, or join the group dialout; `rigbrain doctor` tells which.' },
  E_DEVICE_SILENT: { summary: 'Chips do not answer, or fewer than the device has.', fix: 'Check power supply, cable and the driver chosen for it; the daemon tries again by itself.' },
  E_DEVICE_UNSAFE: { summary: 'A device was switched off because it was too hot, or its sensors or its regulator cannot be trusted.', fix: 'Check fan, heat sink and power supply; once it is cool, or after waits of 1 to 60 minutes, it is tried again by itself.' },
  E_DEVICE_CONTROL: { summary: 'The controller of a board refused a request or did not answer.', fix: 'Check that it runs the firmware the driver is for, then plug it in again.' },
  E_DEVICE_COMMAND: { summary: 'A device refused a command or cannot carry it out.', fix: 'Check the capabilities of the device with `rigbrain devices`.' },
  E_POOL_URL: { summary: 'A pool URL cannot be used.', fix: 'Use stratum+tcp://host:port or stratum+ssl://host:port.' },
  E_POOL_CONNECT: { summary: 'The pool could not be reached.', fix: 'Check host, port and network; the daemon keeps trying.' },
  E_POOL_TLS: { summary: 'The TLS certificate of the pool was refused.', fix: 'Give the right `tls.ca` or `tls.fingerprint_sha256`.' },
  E_POOL_SILENT: { summary: 'The pool stayed connected but said nothing until the deadline.', fix: 'Nothing to do: the daemon reconnects. Ask the pool if it repeats.' },
  E_POOL_UNANSWERED: { summary: 'The pool did not answer submitted shares.', fix: 'Nothing to do: the daemon reconnects and counts those shares as unknown.' },
  E_POOL_AUTH: { summary: 'The pool refused the worker name or password.', fix: 'Check `user` and the password of this pool.' },
  E_POOL_PROTOCOL: { summary: 'The pool sent something that is not Stratum.', fix: 'Check that host and port are those of a Stratum V1 server.' },
  E_POOL_CLOSED: { summary: 'The pool closed the connection.', fix: 'Nothing to do: the daemon reconnects with growing pauses.' },
  E_POOL_PROXY: { summary: 'The SOCKS proxy could not be used to reach the pool.', fix: 'Check `proxy` and that the proxy (e.g. Tor) runs; the daemon keeps trying.' },
  E_POOL_UNTRUSTED: { summary: 'A pool is not on the list of trusted pools.', fix: 'Add its host to `mining.trusted_pools`, or take the pool out.' },
  E_POOL_PAYOUT: { summary: 'The jobs of a pool do not pay the address they should.', fix: 'Check `payout_address` and the worker name, and ask the pool; take the address out if the pool pays in another way.' },
  E_SERVER: { summary: 'The pool for other miners cannot serve.', fix: 'Check `server.host`, `server.port` and `server.allow`; mining goes on without it.' },
  E_ALARM_DELIVERY: { summary: 'An alarm could not be delivered to a webhook.', fix: 'Check `alarms.webhooks`; the alarm is on MQTT and on record.' },
  E_NODE_RPC: { summary: 'The Bitcoin node refused or did not answer an RPC call.', fix: 'Check the URL, user and password (or cookie file) of the node and that it is synchronised.' },
  E_ADDRESS_INVALID: { summary: 'A payout address is not valid for the chain.', fix: 'Use an address of the same network as the node (regtest, testnet or mainnet).' },
  E_MQTT_CONNECT: { summary: 'The MQTT broker could not be reached.', fix: 'Check `mqtt.url` and credentials; mining goes on without it.' },
  E_COMMAND_INVALID: { summary: 'A command had an unknown name or a value outside its range.', fix: 'See docs/mqtt.md for the commands and their payloads.' },
  E_COMMAND_BUSY: { summary: 'Too many commands were under way at once.', fix: 'Wait for an answer before sending more.' },
  E_COMMAND_TIMEOUT: { summary: 'A command was not carried out by its deadline.', fix: 'Look at the state of the device: the command may still take effect.' },
  E_SIM_TTY: { summary: 'The tty of simulated chips could not be made.', fix: 'Install socat (sudo apt install socat) and give --link a name that may be written.' },
  E_UDEV: { summary: 'The udev rules could not be installed.', fix: 'Run it as root: sudo rigbrain udev --install (with the full path of rigbrain where sudo does not find it).' },
  E_PORT_IN_USE: { summary: 'A local port is already in use.', fix: 'Stop the other program or choose another port.' },
  E_INTERNAL: { summary: 'A defect in Rigbrain.', fix: 'Please report it with the log lines around it.' },
} as const satisfies Record<string, { summary: string; fix: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface RigErrorOptions {
  cause?: unknown;
  /** Facts that belong to this case (field, line, path ...). Never a secret. */
  context?: Record<string, unknown>;
  /** What the reader should do; the registry's `fix` when left out. */
  hint?: string;
}

/** An error with a stable `code`, a `context` of facts and a `hint` that says how to fix it. */
export class RigError extends Error {
  readonly code: ErrorCode;
  readonly context: Record<string, unknown>;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, options: RigErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'RigError';
    this.code = code;
    this.context = options.context ?? {};
    this.hint = options.hint ?? ERROR_CODES[code].fix;
  }

  /** One line for a person: code, what happened, how to fix it. */
  describe(): string {
    return `${this.code}: ${this.message} — ${this.hint}`;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
