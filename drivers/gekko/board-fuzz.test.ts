import fc from 'fast-check';
import { expect, it } from 'vitest';
import { silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import type { BoardNonce } from '../asic/board.ts';
import { IcarusBoard } from '../icarus/board.ts';
import { fakeIcarus, firstNonce, workOf } from '../icarus/fake-icarus.fixture.ts';
import { FakeLine, passUntil } from '../stick/fake-line.fixture.ts';
import { GekkoBoard } from './board.ts';
import { FakeGekko } from './fake-gekko.fixture.ts';

const noise = fc.array(fc.record({ bytes: fc.uint8Array({ maxLength: 40 }), ms: fc.nat(60) }), { maxLength: 60 });
const { signal } = new AbortController();

async function bench(model: 'compac' | 'newpac' | 'block-erupter') {
  const clock = new ManualClock();
  const line = new FakeLine();
  const common = { deviceId: 'fuzz', transport: line, clock, log: silentLog };
  const gekko = model === 'block-erupter' ? null : new FakeGekko(model === 'compac' ? 'BM1384' : 'BM1387', model === 'compac' ? 1 : 2, line);
  if (model === 'block-erupter') fakeIcarus(line);
  const board = model === 'block-erupter' ? new IcarusBoard({ ...common, options: { model, nonce_zero_bits: 8 } }) : new GekkoBoard({ ...common, model, options: { nonce_zero_bits: 32 } });
  const nonces: BoardNonce[] = [];
  board.events.on('nonce', (nonce) => nonces.push(nonce));
  await passUntil(clock, board.start(signal));
  return { clock, line, board, nonces, gekko };
}

it.each(['compac', 'newpac', 'block-erupter'] as const)('%s: whatever comes in throws nothing, and after silence the next nonce is found', async (model) => {
  const { clock, line, board, nonces, gekko } = await bench(model);
  const work = workOf(1);
  const whole = gekko === null ? firstNonce(work, 8) : gekko.nonce(Uint8Array.of(1, 2, 3, 4), 0);
  fc.assert(
    fc.property(noise, (chunks) => {
      for (const { bytes, ms } of chunks) {
        line.say(bytes);
        clock.advance(ms);
      }
      clock.advance(100);
      // With every id in use by the same work, its own is as good as any.
      for (let i = 0; i < 32; i++) {
        board.send(work);
        clock.advance(10);
      }
      nonces.length = 0;
      line.say(whole);
      expect(nonces).toMatchObject([{ workId: 1 }]);
    }),
    { numRuns: 200 },
  );
  await board.stop();
});
