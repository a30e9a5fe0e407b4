/** The miner's protocol against the simulated chips: two implementations from the same facts, neither knowing the other. */
import { expect, it } from 'vitest';
import { BM13XX_CHIPS } from '../protocol/bm13xx/chips.ts';
import { encodeChainInactive, encodeRead, encodeSetAddress, encodeWrite } from '../protocol/bm13xx/command.ts';
import { encodeFullHeaderJob, type FullHeaderJob } from '../protocol/bm13xx/job-full-header.ts';
import { encodeMidstateJob, midstateJobOf } from '../protocol/bm13xx/job-midstate.ts';
import { locateNonce } from '../protocol/bm13xx/nonce-location.ts';
import { ReceiveFramer } from '../protocol/bm13xx/receive-framer.ts';
import { decodeReply } from '../protocol/bm13xx/reply.ts';
import { hashOfMidstateShare, hashOfShare } from '../protocol/bm13xx/share.ts';
import { VirtualChain } from '../sim/chips/chain.ts';

const FIELDS = { version: 0x2000_0000, prevHash: Uint8Array.from({ length: 32 }, (_, i) => 7 * i), merkleRoot: Uint8Array.from({ length: 32 }, (_, i) => 255 - 3 * i), ntime: 0x6854_68d7, nbits: 0x1702_3a04, nonce: 0 };
const CHIPS = 4;
const JOB_ID = 0x48;
const VERSION_ROLLING = 0xa4;
/** Zero bits of every nonce: of the simulation, and of the ticket mask F0 (difficulty 16). */
const ZEROS = 6 + 4;

it.each(['BM1362', 'BM1366', 'BM1368', 'BM1370', 'BM1397'] as const)('%s: replies are framed, located and hash as the miner says', (name) => {
  const chip = BM13XX_CHIPS[name];
  const heard: Uint8Array[] = [];
  const chain = new VirtualChain({ model: name.toLowerCase() as Lowercase<typeof name>, chips: CHIPS, zeroBits: 6, thinning: 2 ** 12 }, (bytes) => heard.push(bytes));
  const framer = new ReceiveFramer('either');
  const listen = () => {
    const results = [...heard.splice(0).map((bytes) => framer.push(bytes)), framer.flush()];
    expect(results.reduce((sum, { skippedBytes }) => sum + skippedBytes, 0)).toBe(0);
    return results.flatMap(({ frames }) => frames).map((frame) => {
      const result = decodeReply(frame);
      if (!result.ok) throw new Error(result.problem);
      return result.reply;
    });
  };
  const midstates = name === 'BM1397';
  if (!midstates) chain.receive(encodeWrite('all', VERSION_ROLLING, 0x9000_ffff));
  chain.receive(encodeRead('all', 0));
  expect(listen().filter((reply) => reply.kind === 'register' && reply.value >>> 16 === Number.parseInt(name.slice(2), 16))).toHaveLength(CHIPS);

  chain.receive(encodeChainInactive());
  for (let i = 0; i < CHIPS; i++) chain.receive(encodeSetAddress(64 * i));
  for (const [register, value] of midstates ? [[0x20, 1], [0x14, 0xf0]] as const : [[0x14, 0xf0], [0x18, 0xf000_c100], [0x3c, 0x8000_82aa], [0x10, 0x8000], [0x08, 0x40a8_0230]] as const) {
    chain.receive(encodeWrite('all', register, value));
  }
  const full: FullHeaderJob = { jobId: JOB_ID, startNonce: 0, nbits: FIELDS.nbits, ntime: FIELDS.ntime, merkleRoot: FIELDS.merkleRoot, prevHash: FIELDS.prevHash, version: FIELDS.version };
  const slots = midstateJobOf(JOB_ID, FIELDS, [0, 1, 2, 3].map((slot) => FIELDS.version + slot * 0x2000));
  chain.receive(midstates ? encodeMidstateJob(slots) : encodeFullHeaderJob(full));
  chain.hash(20);

  const replies = listen();
  expect(replies.length).toBeGreaterThan(10);
  const addresses = new Set<number | null>();
  for (const reply of replies) {
    if (reply.kind !== 'nonce') throw new Error('a register reply that nobody asked for');
    const location = locateNonce(chip, reply);
    expect(location.jobId).toBe(JOB_ID);
    addresses.add(location.addressField);
    const hash = midstates ? hashOfMidstateShare(slots, location.midstateSlot!, reply.nonce)! : hashOfShare(full, location.versionBits!, reply.nonce);
    const shown = Buffer.from(hash).reverse().readUInt32BE();
    expect(Math.clz32(shown)).toBeGreaterThanOrEqual(ZEROS);
    if (location.excessBits !== null) expect(Math.floor(location.excessBits)).toBe(Math.clz32(shown) - ZEROS);
  }
  if (name === 'BM1362' || name === 'BM1366' || name === 'BM1368') expect(new Set([...addresses].map((address) => Math.floor(address! / 64)))).toEqual(new Set([0, 1, 2, 3]));
});
