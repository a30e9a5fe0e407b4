/** Both ways to a pty, held to the same. */
import { spawnSync } from 'node:child_process';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, type TestContext } from 'vitest';
import { openDirectPty } from './pty-direct.ts';
import { openSocatPty } from './pty-socat.ts';
import type { Pty, PtyEvents } from './pty-contract.ts';

function need(context: TestContext, program: string): void {
  if (spawnSync(program, ['-V']).error) context.skip(`${program} is not installed`);
}

const until = async (done: () => boolean): Promise<void> => {
  for (let i = 0; i < 300 && !done(); i++) await sleep(10);
};

describe.each([
  ['perl', openDirectPty],
  ['socat', openSocatPty],
] as const)('%s', (program, openPty: (events: PtyEvents) => Promise<Pty | null>) => {
  it('passes every byte both ways, tells the speed, loses what nobody reads, and goes away', async (context) => {
    need(context, program);
    let heard = Buffer.alloc(0);
    let lost = 0;
    const speeds: (number | null)[] = [];
    const pty = await openPty({ onData: (bytes) => (heard = Buffer.concat([heard, bytes])), onLost: () => lost++, onSpeed: (baud) => speeds.push(baud) });
    expect(pty).not.toBeNull();
    const user = await open(pty!.path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
    const read = async (bytes: number): Promise<Buffer> => {
      let got = Buffer.alloc(0);
      for (let i = 0; i < 100 && got.length < bytes; i++) {
        const { bytesRead, buffer } = await user.read(Buffer.alloc(bytes)).catch(() => ({ bytesRead: 0, buffer: Buffer.alloc(0) }));
        got = Buffer.concat([got, buffer.subarray(0, bytesRead)]);
        if (got.length < bytes) await sleep(10);
      }
      return got;
    };
    const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    await user.write(all);
    await until(() => heard.length >= 256);
    expect(heard).toEqual(all);
    pty!.write(all);
    expect(await read(256)).toEqual(all);
    spawnSync('stty', ['-F', pty!.path, '1000000']);
    await until(() => speeds.includes(1_000_000));
    expect(speeds.at(-1)).toBe(1_000_000);
    const before = performance.now();
    for (let i = 0; i < 100; i++) pty!.write(Buffer.alloc(4096, i));
    expect(performance.now() - before).toBeLessThan(1000);
    expect((await read(4000)).length).toBeGreaterThanOrEqual(4000);
    await pty!.close();
    await pty!.close();
    await sleep(20);
    expect(lost).toBe(0);
    expect(await user.read(Buffer.alloc(1_000_000)).then(({ bytesRead }) => bytesRead >= 0, (error: NodeJS.ErrnoException) => error.code)).not.toBe('EAGAIN');
    await user.close();
  });
});
