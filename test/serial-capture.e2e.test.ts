/** Chips on a tty, mined by the driver through a capture, and the capture read again: every nonce in it is proved. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { capture } from '../daemon/cli/actions/capture.ts';
import { replayCommand } from '../daemon/cli/actions/replay.ts';
import { FakeIo } from '../daemon/cli/fake-io.fixture.ts';
import { serialPorts } from '../daemon/main/serial-ports.ts';
import type { BoardNonce } from '../drivers/asic/board.ts';
import { SerialBoard } from '../drivers/bm13xx-serial/board.ts';
import { serialOptions } from '../drivers/bm13xx-serial/options.ts';
import { makeSerialSafe } from '../drivers/bm13xx-serial/safe.ts';
import { soon } from '../drivers/transport/contract.fixture.ts';
import type { PortAccess, Transport } from '../drivers/transport/contract.ts';
import { hasSocat } from '../drivers/transport/pty.fixture.ts';
import { SerialTransport } from '../drivers/transport/serial.ts';
import { systemClock } from '../protocol/common/clock.ts';
import { silentLog } from '../protocol/common/log.ts';
import { startChipRig, type ChipRig } from '../sim/chips/rig.ts';
import type { ModelName } from '../sim/chips/models.ts';
import { workOf, zeroBitsOf } from './simulated-chain.fixture.ts';

const BITS = 12;
const NONCES = 20;
const GLOBALS = { json: true, data: undefined, config: undefined };

describe.skipIf(!hasSocat)(`a chain on a tty${hasSocat ? '' : ' (skipped: socat is not installed)'}`, { timeout: 60_000 }, () => {
  let folder = '';
  let rig: ChipRig | null = null;
  let board: SerialBoard | null = null;
  beforeEach(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'serial-'))));
  afterEach(async () => {
    await board?.stop();
    await rig?.close();
    await rm(folder, { recursive: true });
  });

  /** Starts the chips, and mines until some nonces have come. Each is hashed. */
  async function mine(transport: Transport): Promise<BoardNonce[]> {
    const driver = new SerialBoard({ deviceId: 'bench', transport, options: serialOptions.parse({ frequency_mhz: 150, nonce_zero_bits: BITS }), clock: systemClock, log: silentLog });
    board = driver;
    driver.setTicket(8);
    const nonces: BoardNonce[] = [];
    const troubles: string[] = [];
    driver.events.on('nonce', (nonce) => nonces.push(nonce));
    driver.events.on('trouble', ({ reason }) => troubles.push(reason));
    await driver.start(new AbortController().signal);
    const works = new Map<number, ReturnType<typeof workOf>>();
    // As a daemon does: new work before the chips begin to repeat themselves.
    for (const until = performance.now() + 20_000; nonces.length < NONCES; ) {
      if (driver.facts === null || performance.now() > until) throw new Error(`${nonces.length} nonces, ${troubles.join() || 'no trouble'}: ${JSON.stringify(rig!.stats())}`);
      const work = workOf(works.size + 1);
      works.set(work.id, work);
      driver.send(work);
      await new Promise((resolve) => setTimeout(resolve, driver.facts?.jobIntervalMs));
    }
    expect(driver.readings()).toMatchObject({ bytes_skipped: 0, crc_errors: 0 });
    await driver.stop();
    for (const nonce of nonces) expect(zeroBitsOf(works.get(nonce.workId!)!, nonce)).toBeGreaterThanOrEqual(BITS + 3);
    return nonces;
  }

  async function replayed(file: string): Promise<Record<string, unknown>> {
    const io = new FakeIo(folder);
    await replayCommand(io, GLOBALS as never, file, { summary: true, zeroBits: BITS });
    return JSON.parse(io.outLines.at(-1)!) as Record<string, unknown>;
  }

  const start = async (model: ModelName, chips: number): Promise<string> => {
    const link = path.join(folder, 'tty');
    rig = await startChipRig({ model, chips, rate_hs: 1e6, zeroBits: BITS, link });
    return link;
  };

  it.each(['bm1370', 'bm1397'] as const)('%s: `run --capture` writes what `replay` proves', async (model) => {
    const link = await start(model, 2);
    const nonces = await mine(serialPorts(path.join(folder, 'captures'), systemClock, silentLog)(link, 115_200));
    const [file] = await readdir(path.join(folder, 'captures'));
    const summary = await replayed(path.join('captures', file!));
    expect(summary).toMatchObject({ chip: model.toUpperCase(), chips: 2, lines_left_out: 0 });
    expect(summary.nonces).toBeGreaterThanOrEqual(nonces.length);
    expect(summary.nonces_verified).toBe(summary.nonces);
  });

  it('`rigbrain capture` stands between the port and another program, follows its speed, and writes what `replay` proves', async () => {
    const link = await start('bm1368', 2);
    const io = new FakeIo(folder);
    let stop: () => void = () => {};
    const until = new Promise<void>((resolve) => (stop = resolve));
    const second = path.join(folder, 'tty2');
    const capturing = capture(io, GLOBALS as never, link, { out: 'line.jsonl', link: second }, { until });
    await soon('the second tty', () => io.outLines.length > 0);
    const nonces = await mine(new SerialTransport(second, 115_200));
    stop();
    expect(await capturing).toBe(0);
    expect(JSON.parse(io.outLines.at(-1)!)).toMatchObject({ event: 'captured', lines_lost: 0 });
    const summary = await replayed('line.jsonl');
    expect(summary).toMatchObject({ chip: 'BM1368', chips: 2 });
    expect(summary.nonces).toBeGreaterThanOrEqual(nonces.length);
    expect(summary.nonces_verified).toBe(summary.nonces);
    expect(await readdir(folder)).not.toContain('tty2');
  });

  it('`rigbrain capture` ends with an error when the port goes, and needs one that is there', async () => {
    const link = await start('bm1366', 1);
    const io = new FakeIo(folder);
    const capturing = capture(io, GLOBALS as never, link, { out: 'line.jsonl' }, { until: new Promise(() => {}) });
    const ends = expect(capturing).rejects.toMatchObject({ code: 'E_DEVICE_PORT' });
    await soon('capturing', () => io.outLines.length > 0);
    await rig!.unplug();
    await ends;
    await expect(capture(io, GLOBALS as never, 'none', { out: 'line.jsonl' }, { until: new Promise(() => {}) })).rejects.toMatchObject({ code: 'E_DEVICE_PORT', message: expect.stringContaining('is not there') as string });
  });

  it.each(['bm1366', 'bm1397'] as const)('%s: chips that a killed daemon left running are slowed down, and found by the next one', async (model) => {
    const link = await start(model, 2);
    const options = serialOptions.parse({ frequency_mhz: 100, nonce_zero_bits: BITS });
    const { signal } = new AbortController();
    const killed = new SerialTransport(link, 115_200);
    const first = new SerialBoard({ deviceId: 'bench', transport: killed, options, clock: systemClock, log: silentLog });
    await first.start(signal);
    first.send(workOf(1));
    await killed.close();
    const ports: PortAccess = { locate: async () => ({ found: true, ports: { asic: link }, usb: null }), transport: (port, baud) => new SerialTransport(port, baud) };
    const began = performance.now();
    expect(await makeSerialSafe({ id: 'bench', options, clock: systemClock, log: silentLog, ports })).toMatchObject({ safe: true, words: expect.stringContaining(`2 ${model.toUpperCase()}`) as string });
    expect(performance.now() - began).toBeLessThan(2000);
    board = new SerialBoard({ deviceId: 'bench', transport: new SerialTransport(link, 115_200), options, clock: systemClock, log: silentLog });
    expect(await board.start(signal)).toMatchObject({ chips: 2, chip: model.toUpperCase() });
  });

  it('is told within seconds that the tty went, and starts again on the new one', async () => {
    const link = await start('bm1366', 2);
    const make = (): SerialBoard => (board = new SerialBoard({ deviceId: 'bench', transport: new SerialTransport(link, 115_200), options: serialOptions.parse({ frequency_mhz: 100, nonce_zero_bits: BITS }), clock: systemClock, log: silentLog }));
    const { signal } = new AbortController();
    const first = make();
    const troubles: string[] = [];
    first.events.on('trouble', ({ kind }) => troubles.push(kind));
    await first.start(signal);
    await rig!.unplug();
    await soon('trouble', () => troubles.length > 0);
    expect(troubles).toEqual(['gone']);
    await first.stop();
    await rig!.plug();
    const second = make();
    expect(await second.start(signal)).toMatchObject({ chips: 2, chip: 'BM1366' });
  });
});
