/** Nobody searches what somebody else does: devices of the rig, and miners in every shape of seat. */
import { expect, it } from 'vitest';
import { bytesToHex } from '../../protocol/common/bytes.ts';
import { xorshift } from '../../protocol/common/xorshift.fixture.ts';
import { ownPrefix, PrefixBook, seatShapes } from '../../protocol/stratum-v1/server/seats.ts';
import { makeSeat, seatFits, ServedJob, type Seat } from '../../protocol/stratum-v1/server/served-job.ts';
import { SearchSpace } from '../dtm/search-space.ts';
import { makeJob } from '../mining/mining.fixture.ts';

it('whatever the size of extranonce2, and whichever source the seat was taken for', () => {
  const random = xorshift(0xd15c0);
  let sessions = 0;
  const book = new PrefixBook({ quarantineMs: 1000, start: random(60_000), sessionId: () => String((sessions += 1)) });
  const seats: Seat[] = [];
  for (let n = 0; n < 600; n++) {
    for (const { prefixBytes, extranonce2Size } of seatShapes(3 + random(8))) {
      const prefix = book.take(prefixBytes, 0);
      if (prefix === null) continue;
      seats.push(makeSeat(prefix.bytes, extranonce2Size, prefix.sessionId));
      break;
    }
  }
  expect(seats.length).toBeGreaterThan(500);
  for (let size = 3; size <= 12; size++) {
    const job = makeJob({ key: `pool:1:${size}`, extranonce2Size: size });
    const served = new ServedJob(job, 0, 1);
    const owners = new Map<string, string>();
    const search = (extranonce2: Uint8Array, owner: string): void => {
      const key = bytesToHex(extranonce2);
      expect(extranonce2.length).toBe(size);
      if ((owners.get(key) ?? owner) !== owner) throw new Error(`${key} is searched by ${owners.get(key)} and by ${owner}`);
      owners.set(key, owner);
    };
    const space = new SearchSpace((of) => ownPrefix(of.extranonce2Size));
    for (let piece = 0; piece < 2000; piece++) search(space.next(job)!.extranonce2, 'own');
    const fitting = seats.filter((seat) => seatFits(seat, job));
    expect(fitting.length).toBeGreaterThan(0);
    for (const seat of fitting) {
      // The corners, where two seats would meet, and some between.
      const own = new Uint8Array(seat.extranonce2Size);
      search(served.wholeExtranonce2(seat, own), seat.prefixHex);
      search(served.wholeExtranonce2(seat, own.fill(0xff)), seat.prefixHex);
      for (let n = 0; n < 8; n++) search(served.wholeExtranonce2(seat, Uint8Array.from(own, () => random(n % 2 === 0 ? 3 : 256))), seat.prefixHex);
    }
  }
});
