/**
 * Chains with several voltage domains in series: at the border the signals change level, so the last chip of a domain
 * drives its clock output harder (register 58), and the first and last relay the UART with a growing gap (register 2C).
 * Reference 2, 4.
 */
import type { Bm13xxChip } from './chips.ts';
import { encodeWrite } from './command.ts';
import { composeFields, REGISTER } from './registers.ts';

export interface Topology {
  readonly domains: number;
  readonly chipsPerDomain: number;
}

/** A domain's relay gap: chips from it to the end of the chain, and 14. */
export function relayGap({ domains, chipsPerDomain }: Topology, domain: number): number {
  return chipsPerDomain * (domains - domain) + 14;
}

function addressAt(addresses: readonly number[], index: number): number {
  const address = addresses[index];
  if (address === undefined) throw new RangeError(`the chain has ${addresses.length} chips, fewer than its domains need`);
  return address;
}

/** Domains from the far end of the chain to the near one: the order boards are written in. */
function farToNear({ domains }: Topology): number[] {
  return Array.from({ length: domains }, (_, i) => domains - 1 - i);
}

/**
 * Writes of the driver strength for the last chip of every domain; none for a chip whose value is not known.
 * @param addresses of the chips, in chain order
 * @throws RangeError when there are fewer chips than the domains need
 */
export function domainEndFrames(chip: Bm13xxChip, topology: Topology, addresses: readonly number[]): Uint8Array[] {
  const value = chip.domainEndDriverStrength;
  if (value === null) return [];
  return farToNear(topology).map((domain) => encodeWrite({ chipAddress: addressAt(addresses, (domain + 1) * topology.chipsPerDomain - 1) }, REGISTER.ioDriverStrength, value));
}

/** Writes of the UART relay for the first and the last chip of every domain. @throws RangeError as above */
export function relayFrames(topology: Topology, addresses: readonly number[]): Uint8Array[] {
  return farToNear(topology).flatMap((domain) => {
    const value = composeFields(REGISTER.uartRelay, { gap: relayGap(topology, domain), replyRelay: 1, commandRelay: 1 });
    const first = domain * topology.chipsPerDomain;
    return [first, first + topology.chipsPerDomain - 1].map((index) => encodeWrite({ chipAddress: addressAt(addresses, index) }, REGISTER.uartRelay, value));
  });
}
