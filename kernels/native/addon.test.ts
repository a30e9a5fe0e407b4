import { readFileSync } from 'node:fs';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { findAddon } from '../loader.ts';
import { compiledFile } from '../paths.ts';
import type { Addon } from './addon.ts';

const run = promisify(execFile);
const { addon, problems } = findAddon();

describe('native addon', () => {
  beforeEach((context) => {
    if (!addon) context.skip(`the native addon is not built: ${problems.join('; ')}`);
  });
  const native = addon as Addon;

  it('throws on wrong arguments and never crashes', async () => {
    const header = new Uint8Array(80);
    const target = new Uint8Array(32);
    const handle = native.open('scalar', 'scalar', 1, 0, 100, new Uint32Array(0), () => {});
    const junk: unknown[] = [undefined, null, 0, -1, 1.5, NaN, 2 ** 40, '', 'scalar', {}, [], new Uint8Array(3), new Uint8Array(80), new Float64Array(10), new Uint32Array(0), () => {}, handle, Symbol.iterator];
    const calls: Record<string, unknown[]> = {
      scan: ['scalar', header, Uint32Array.of(1), 0, 1, 0, new Uint32Array(8)],
      measure: ['scalar', header, Uint32Array.of(1), 0xffffffff, 1],
      open: ['scalar', 'scalar', 1, 0, 100, new Uint32Array(0), () => {}],
      setJob: [handle, header, 0, target, 0, 0],
      clearJob: [handle],
      setPaused: [handle, true],
      setLimit: [handle, 50],
      drain: [handle, new Uint32Array(8)],
      stop: [handle],
      close: [handle],
      sdNotify: ['READY=1'],
    };
    const api = native as unknown as Record<string, (...args: unknown[]) => unknown>;
    let thrown = 0;
    for (const [name, good] of Object.entries(calls)) {
      if (name !== 'sdNotify') expect(() => api[name]?.()).toThrow(TypeError);
      for (let position = 0; position < good.length; position++) {
        for (const value of junk) {
          const args = good.with(position, value);
          try {
            const result = api[name]?.(...args);
            if (name === 'open') native.close(result as never);
          } catch (error) {
            expect(error).toBeInstanceOf(TypeError);
            thrown++;
          }
        }
      }
    }
    expect(thrown).toBeGreaterThan(200);
    // Everything still answers, also after close.
    native.close(handle);
    native.setJob(handle, header, 0, target, 0, 0);
    native.stop(handle);
    expect(native.drain(handle, new Uint32Array(8))).toBe(0);
  });

  it('hashes any number of versions in one call of any kernel, as one by one', () => {
    const header = Uint8Array.from({ length: 80 }, (_, i) => (i * 89) & 0xff);
    const versions = Uint32Array.from({ length: 64 }, (_, i) => (i * 0x9e3779b9) >>> 0);
    for (const { name, lanes, midstates, features } of native.kernels()) {
      if (features & ~native.cpuFeatures()) continue;
      const batches = 64 / lanes;
      const scan = (some: Uint32Array): [number, number][] => {
        const out = new Uint32Array(8192);
        const found = native.scan(name, header, some, 0xffffffe0, batches, 0x00010100, out);
        return Array.from({ length: found }, (_, i): [number, number] => [out[2 * i + 1] as number, out[2 * i] as number]).sort(([a, x], [b, y]) => a - b || x - y);
      };
      const apart = Array.from(versions, (version) => scan(Uint32Array.of(version)).map(([, offset]) => offset));
      expect(apart.flat().length).toBeGreaterThan(500);
      for (let count = 1; count <= midstates; count++) {
        expect(scan(versions.subarray(0, count)), `${name}, ${count} versions`).toEqual(apart.slice(0, count).flatMap((offsets, i) => offsets.map((offset) => [i, offset])));
      }
      expect(() => native.scan(name, header, new Uint32Array(midstates + 1), 0, 1, 0, new Uint32Array(8))).toThrow(TypeError);
    }
  });

  it('lets the process end by itself after stop, and when it exits while hashing', async () => {
    const module = JSON.stringify(compiledFile('hasher.js'));
    const begin = `import(${module}).then(async ({ createHasher }) => { const h = createHasher({ threads: 2 }); h.setJob({ id: 1, header: new Uint8Array(80), target: new Uint8Array(32), versionMask: 0 });`;
    // Each starts a whole Node; on a machine with every core taken that alone can take seconds.
    const options = { timeout: 30_000 };
    const { stdout } = await run(process.execPath, ['-e', `${begin} await new Promise((r) => setTimeout(r, 20)); await h.stop(); console.log('stopped'); })`], options);
    expect(stdout).toBe('stopped\n');
    await run(process.execPath, ['-e', `${begin} setTimeout(() => process.exit(0), 20); })`], options);
    // Ends without stop, handle unreachable: garbage collection and the end of the process must both be harmless.
    await run(process.execPath, ['--expose-gc', '-e', `${begin} h.stop(); for (let i = 0; i < 5; i++) { gc(); await new Promise((r) => setTimeout(r, 5)); } })`], options);
  }, 90_000);

  it.each([[19, 5], [7, 0]])('runs its threads at nice value %i, the last of them as idle', async (nice, policy) => {
    if (process.platform !== 'linux') return;
    const handle = native.open('scalar', 'scalar', 2, nice, 100, Uint32Array.of(0), () => {});
    const counters = new BigUint64Array(handle.counters);
    while (counters[16 + 7] !== 3n || counters[32 + 7] !== 3n) await sleep(1);
    for (const tid of [counters[16 + 6], counters[32 + 6]]) {
      expect(os.getPriority(Number(tid))).toBe(nice);
      // Field 41 of proc(5)'s stat is the policy, 5 = SCHED_IDLE; the name before it may hold spaces.
      const stat = readFileSync(`/proc/self/task/${tid}/stat`, 'utf8');
      expect(Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[41 - 3])).toBe(policy);
    }
    expect(os.getPriority()).not.toBe(19);
    native.stop(handle);
    native.close(handle);
  });
});

describe('sdNotify', () => {
  const sdNotify = (state: string): boolean | undefined => addon?.sdNotify(state);
  const before = process.env.NOTIFY_SOCKET;
  afterAll(() => {
    if (before === undefined) delete process.env.NOTIFY_SOCKET;
    else process.env.NOTIFY_SOCKET = before;
  });

  it.skipIf(!addon)('says so when there is nobody to tell', () => {
    delete process.env.NOTIFY_SOCKET;
    expect(sdNotify('READY=1')).toBe(false);
    for (const path of ['/nonexistent/notify', 'relative', '', '@', '/'.padEnd(300, 'x')]) {
      process.env.NOTIFY_SOCKET = path;
      expect(sdNotify('READY=1')).toBe(false);
    }
  });

  it.skipIf(!addon || spawnSync('python3', ['--version']).status !== 0)('sends the state to a unix datagram socket', async () => {
    for (const kind of ['path', 'abstract']) await exchange(kind);
  });

  /** Sends to a listener that is another program: Node has no unix datagrams. */
  async function exchange(kind: string): Promise<void> {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'rb-notify-'));
    const name = kind === 'path' ? path.join(dir, 'socket') : `@rigbrain-test-${process.pid}`;
    const listener = spawn('python3', ['-c', `import socket,sys
s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM); s.settimeout(10); n=sys.argv[1]; s.bind("\\0"+n[1:] if n[0]=="@" else n)
print("bound",flush=True); print(s.recv(100).decode(),flush=True)`, name]);
    let output = '';
    listener.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const closed = new Promise((resolve) => listener.on('close', resolve));
    while (!output.includes('bound')) await sleep(5);
    process.env.NOTIFY_SOCKET = name;
    expect(sdNotify('READY=1\nSTATUS=hashing')).toBe(true);
    await closed;
    expect(output).toBe('bound\nREADY=1\nSTATUS=hashing\n');
    await rm(dir, { recursive: true });
  }
});
