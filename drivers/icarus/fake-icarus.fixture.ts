import { HEADER_BYTES, hashHeader } from '../../protocol/bitcoin/header.ts';
import { equalBytes, reverseBytes } from '../../protocol/common/bytes.ts';
import { GOLDEN_REPLY, GOLDEN_WORK } from '../../protocol/icarus/golden.ts';
import { encodeIcarusWork, icarusWorkOfHeader } from '../../protocol/icarus/work.ts';
import type { Work } from '../contract.ts';
import type { FakeLine } from '../stick/fake-line.fixture.ts';
import { leadingZeroBits } from '../asic/nonce-check.ts';

/** Work whose header is all its own. */
export function workOf(id: number): Work {
  const header = Uint8Array.from({ length: HEADER_BYTES }, (_, i) => (i * 7 + id * 31) & 0xff);
  header.fill(0, 76);
  const all = new Uint8Array(32).fill(0xff);
  return { id, header, versionMask: 0, nonceFrom: 0, nonceTo: 0xffff_ffff, target: all, shareTarget: all };
}

/** The first nonce bytes, counted most significant first, whose hash has that many zero bits. */
export function firstNonce(work: Work, zeroBits: number, from = 0): Uint8Array {
  const header = work.header.slice();
  const view = new DataView(header.buffer);
  for (let position = from; ; position++) {
    view.setUint32(76, position, false);
    if (leadingZeroBits(hashHeader(header)) >= zeroBits) return header.slice(76);
  }
}

export const nonceOf = (bytes: Uint8Array): number => new DataView(reverseBytes(bytes).buffer).getUint32(0);

export interface FakeIcarus {
  /** Packets of work received, the golden ones left out. */
  readonly works: Uint8Array[];
  golden: number;
  mute: boolean;
}

/** A device that answers the golden work and remembers the rest. */
export function fakeIcarus(line: FakeLine, extra: Uint8Array = new Uint8Array(0)): FakeIcarus {
  const device: FakeIcarus = { works: [], golden: 0, mute: false };
  line.onWrite = (packet) => {
    if (!equalBytes(packet, GOLDEN_WORK)) return void device.works.push(packet.slice());
    device.golden++;
    if (!device.mute) line.say(Uint8Array.from([...GOLDEN_REPLY, ...extra]));
  };
  return device;
}

export const packetOf = (work: Work): Uint8Array => encodeIcarusWork(icarusWorkOfHeader(work.header));
