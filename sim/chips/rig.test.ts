/** The chips on a real tty: needs socat. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { constants, existsSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it, type TestContext } from 'vitest';
import { HEADER, jobFor, provenHeader, readAll, startUp, W, zeroBitsOf } from './chips.fixture.ts';
import { startChipRig, type ChipRig } from './rig.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'chips-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function needSocat(context: TestContext): void {
  if (spawnSync('socat', ['-V']).status !== 0) context.skip('socat is not installed (apt install socat)');
}

/** The host's end of a tty, without a serial library. */
class Host {
  readonly #file: FileHandle;
  #text = '';
  #closed = false;
  /** Whether the tty has gone. */
  gone = false;

  constructor(file: FileHandle) {
    this.#file = file;
    void this.#read();
  }

  static async open(tty: string): Promise<Host> {
    return new Host(await open(tty, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK));
  }

  async #read(): Promise<void> {
    const buffer = Buffer.alloc(4096);
    while (!this.gone) {
      try {
        const { bytesRead } = await this.#file.read(buffer);
        if (bytesRead === 0) break;
        this.#text += buffer.subarray(0, bytesRead).toString('hex');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') break;
        await sleep(5);
      }
    }
    this.gone = true;
  }

  async tell(...frames: string[]): Promise<void> {
    await this.#file.write(Buffer.from(frames.join(''), 'hex'));
  }

  /** What has come so far, once `enough` says so. */
  async heard(enough: (hex: string) => boolean, ms = 5000): Promise<string> {
    for (const until = Date.now() + ms; Date.now() < until && !enough(this.#text); ) await sleep(5);
    const text = this.#text;
    this.#text = '';
    return text;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.gone = true;
    await sleep(10);
    await this.#file.close();
  }
}

async function withRig(options: Partial<Parameters<typeof startChipRig>[0]>, visit: (rig: ChipRig, host: Host) => Promise<void>): Promise<void> {
  const rig = await startChipRig({ model: 'bm1370', zeroBits: 8, rate_hs: 1e6, ...options });
  const host = await Host.open(options.link ?? rig.path!);
  try {
    await visit(rig, host);
  } finally {
    await host.close();
    await rig.close();
  }
}

describe('chips on a pty', () => {
  it('mine: every byte value passes, and the nonces are there', async (context) => {
    needSocat(context);
    const link = path.join(folder, 'ttyMine');
    await withRig({ link }, async (rig, host) => {
      expect(readlinkSync(link)).toBe(rig.path);
      await host.tell(...startUp('bm1370', 1), readAll(0), jobFor('bm1370', 0x30));
      const text = await host.heard((hex) => hex.length > 22 * 20);
      expect(text.slice(0, 22)).toBe('aa55137000000000000010');
      const replies = text.slice(22).match(/.{22}/g)!;
      for (const reply of replies) expect(zeroBitsOf(provenHeader('bm1370', HEADER, Buffer.from(reply, 'hex')))).toBeGreaterThanOrEqual(12);
      expect(rig.stats()).toMatchObject({ jobs: 1, bytes_ignored: 0 });
    });
    expect(existsSync(link)).toBe(false);
  });

  it('outlive a user that closes the tty', async (context) => {
    needSocat(context);
    await withRig({}, async (rig, host) => {
      await host.close();
      const second = await Host.open(rig.path!);
      await second.tell(readAll(0));
      expect(await second.heard((hex) => hex.length >= 18)).toMatch(/^aa551370/);
      await second.close();
    });
  });

  it('hear and say noise at the wrong speed', async (context) => {
    needSocat(context);
    await withRig({}, async (rig, host) => {
      await host.tell(readAll(0));
      expect(await host.heard((hex) => hex.length >= 18)).toMatch(/^aa551370/);
      await host.tell(W(0x28, '11300200'));
      await sleep(100);
      await host.tell(readAll(0));
      expect(await host.heard((hex) => hex.length > 0, 300)).toBe('');
      spawnSync('stty', ['-F', rig.path!, '1000000']);
      await sleep(200);
      await host.tell(readAll(0));
      expect(await host.heard((hex) => hex.length >= 18)).toMatch(/^aa551370/);
    });
  });

  it('have nothing to do with those on another pty', async (context) => {
    needSocat(context);
    await withRig({}, (_, host) =>
      withRig({ model: 'bm1366', chips: 2 }, async (_other, second) => {
        await host.tell(W(0x28, '11300200'), W(0xa4, '9000ffff'));
        await second.tell(readAll(0));
        expect(await second.heard((hex) => hex.length >= 36)).toMatch(/^aa551366.{10}aa551366.{10}$/);
        await host.tell(readAll(0));
        expect(await host.heard((hex) => hex.length > 0, 200)).toBe('');
      }),
    );
  });

  it('go away with their tty and come back without their registers', async (context) => {
    needSocat(context);
    const link = path.join(folder, 'ttyGone');
    await withRig({ link }, async (rig, host) => {
      await host.tell(W(0xa4, '9000ffff'), readAll(0));
      expect(await host.heard((hex) => hex.length >= 22)).toHaveLength(22);
      rig.faults.disappear = { after_s: 0.05, for_s: 0.3 };
      const [{ reason }] = (await once(rig.events, 'unplugged')) as [{ reason: string }];
      expect([reason, rig.path, existsSync(link)]).toEqual(['fault', null, false]);
      for (let i = 0; i < 100 && !host.gone; i++) await sleep(10);
      expect(host.gone).toBe(true);
      await once(rig.events, 'plugged');
      const again = await Host.open(link);
      await again.tell(readAll(0));
      expect(await again.heard((hex) => hex.length >= 18)).toHaveLength(18);
      await again.close();
    });
  });

  it('leave a file alone that has the name of the link', async (context) => {
    needSocat(context);
    const link = path.join(folder, 'precious');
    writeFileSync(link, 'x');
    await expect(startChipRig({ model: 'bm1370', link })).rejects.toThrow(/exists and is not a link/);
  });
});

it('says how to get socat when there is none', async () => {
  const { PATH } = process.env;
  process.env.PATH = '/nonexistent';
  try {
    await expect(startChipRig({ model: 'bm1366' })).rejects.toMatchObject({ code: 'E_SIM_TTY', hint: expect.stringContaining('apt install socat') as string });
  } finally {
    process.env.PATH = PATH;
  }
});
