import { expect, it, vi } from 'vitest';
import type { PortAccess } from '../../drivers/transport/contract.ts';
import { silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { makeBoardsSafe, type BoardEntry } from './safe-boards.ts';

const asked = vi.hoisted(() => ({ options: [] as unknown[] }));
vi.mock('../../drivers/registry.ts', () => ({
  loadDriver: async (driver: string) => {
    if (driver === 'missing') throw new Error('there is no driver "missing"');
    const options = { safeParse: (value: object) => ({ success: true, data: { ...value, filled: true } }), parse: () => ({ filled: true }) };
    if (driver === 'cpu') return { options };
    return {
      options,
      makeSafe: async (context: { options: unknown }) => {
        asked.options.push(context.options);
        if (driver === 'hangs') await new Promise(() => {});
        return { safe: driver === 'good', words: `${driver} was asked` };
      },
    };
  },
}));

const there: PortAccess = { locate: async () => ({ found: true, ports: { asic: '/dev/x' }, usb: null }), transport: () => undefined as never };
const notThere: PortAccess = { ...there, locate: async () => ({ found: false, reason: 'not plugged in' }) };
const locked: PortAccess = { ...there, locate: async () => ({ found: false, reason: 'this user may not open /dev/x', there: true }) };
const entry = (driver: string, ports = there): BoardEntry => ({ id: `a-${driver}`, driver, options: { board: 602 }, ports });

it('asks every driver that can, with its options, and is held up by none', async () => {
  const clock = new ManualClock();
  const done = makeBoardsSafe([entry('cpu'), entry('good'), entry('bad'), entry('hangs'), entry('missing'), { ...entry('good', notThere), id: 'away' }, { ...entry('good', locked), id: 'locked' }], { clock, log: silentLog });
  await vi.waitFor(() => expect(asked.options).toHaveLength(3));
  clock.advance(3000);
  expect(await done).toEqual([
    { id: 'a-good', driver: 'good', found: true, safe: true, words: 'good was asked' },
    { id: 'a-bad', driver: 'bad', found: true, safe: false, words: 'bad was asked' },
    { id: 'a-hangs', driver: 'hangs', found: true, safe: false, words: 'not done within 3 s' },
    { id: 'a-missing', driver: 'missing', found: true, safe: false, words: 'there is no driver "missing"' },
    { id: 'away', driver: 'good', found: false, safe: true, words: 'not plugged in' },
    { id: 'locked', driver: 'good', found: true, safe: false, words: 'this user may not open /dev/x' },
  ]);
  expect(asked.options[0]).toEqual({ board: 602, filled: true });
});
