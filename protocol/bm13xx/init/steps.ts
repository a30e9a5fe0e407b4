/** The words start-up sequences are written in. */

/** A register and its value. */
export type RegisterWrite = readonly [register: number, value: number];

export type InitStep =
  /** To all chips at once. */
  | { readonly do: 'write'; readonly register: number; readonly value: number; readonly waitMs?: number }
  | { readonly do: 'write-first'; readonly register: number; readonly value: number }
  | { readonly do: 'write-last'; readonly register: number; readonly value: number }
  /** All of these to one chip, then to the next: some must follow each other at once. */
  | { readonly do: 'write-each'; readonly writes: readonly RegisterWrite[]; readonly waitMs?: number }
  /** Broadcast read of register 00; how many answer decides the rest. */
  | { readonly do: 'enumerate' }
  | { readonly do: 'chain-inactive' }
  | { readonly do: 'set-addresses' }
  | { readonly do: 'ticket-mask' }
  | { readonly do: 'version-rolling'; readonly times?: number }
  /** Computed from frequency and number of chips. */
  | { readonly do: 'hash-counting' }
  | { readonly do: 'ramp' }
  /** Driver strength at the ends of voltage domains, and UART relays; nothing without a topology. */
  | { readonly do: 'domain-ends' }
  | { readonly do: 'relays' }
  /** Change of the UART speed, when one is wanted. */
  | { readonly do: 'baud' }
  | { readonly do: 'wait'; readonly ms: number };
