/** What every line must do, whatever it is made of. */
import { afterEach, describe, expect, it } from 'vitest';
import { MAX_UNSENT_BYTES, type Transport } from './contract.ts';

/** A transport that is not open yet, and its other end. */
export interface Line {
  readonly transport: Transport;
  /** What has arrived at the other end so far. */
  received(): Uint8Array;
  /** The other end says something. */
  say(bytes: Uint8Array): void;
  /** The plug is pulled. */
  unplug(): Promise<void>;
  /** The other end takes no more bytes; null where that cannot be done. */
  readonly hang: (() => void) | null;
  close(): Promise<void>;
}

/** Waits for something that is to happen soon. @throws Error after 5 s */
export async function soon(what: string, happened: () => boolean): Promise<void> {
  for (const until = performance.now() + 5000; !happened(); ) {
    if (performance.now() > until) throw new Error(`not within 5 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** @param make a fresh line for every test */
export function transportContract(name: string, make: () => Promise<Line>): void {
  describe(`${name} as a Transport`, () => {
    let line: Line | null = null;
    let heard: Uint8Array = new Uint8Array(0);
    let gone: string[] = [];
    const opened = async (): Promise<Line> => {
      line = await make();
      heard = new Uint8Array(0);
      gone = [];
      line.transport.events.on('data', (bytes) => (heard = Uint8Array.from([...heard, ...bytes])));
      line.transport.events.on('gone', (reason) => gone.push(reason));
      await line.transport.open();
      return line;
    };
    afterEach(async () => {
      await line?.transport.close();
      await line?.close();
      line = null;
    });

    it('is open between open and close', async () => {
      line = await make();
      expect(line.transport.isOpen).toBe(false);
      await line.transport.open();
      expect(line.transport.isOpen).toBe(true);
      await line.transport.close();
      expect(line.transport.isOpen).toBe(false);
      await line.transport.close();
      await expect(line.transport.open()).rejects.toMatchObject({ code: 'E_DEVICE_PORT' });
    });

    it('carries all 256 bytes both ways, in order', async () => {
      const { transport, received, say } = await opened();
      const all = Uint8Array.from({ length: 256 }, (_, i) => i);
      await Promise.all([transport.write(all.subarray(0, 100)), transport.write(all.subarray(100))]);
      await soon('bytes out', () => received().length === 256);
      expect(received()).toEqual(all);
      say(all);
      await soon('bytes in', () => heard.length === 256);
      expect(heard).toEqual(all);
      expect(gone).toEqual([]);
    });

    it('leaves what was told to the listener', async () => {
      const { transport, say } = await opened();
      const kept: Uint8Array[] = [];
      transport.events.on('data', (bytes) => kept.push(bytes));
      say(Uint8Array.of(1, 2));
      await soon('first', () => heard.length === 2);
      say(Uint8Array.of(3, 4));
      await soon('second', () => heard.length === 4);
      expect(kept.flatMap((bytes) => [...bytes])).toEqual([1, 2, 3, 4]);
    });

    it('does not keep the array it was given', async () => {
      const { transport, received } = await opened();
      const bytes = Uint8Array.of(5, 6, 7);
      void transport.write(bytes);
      bytes.fill(0);
      await soon('bytes out', () => received().length === 3);
      expect([...received()]).toEqual([5, 6, 7]);
    });

    it('takes a change of speed and of modem lines, drains and flushes', async () => {
      const { transport, received } = await opened();
      void transport.write(Uint8Array.of(1));
      await transport.drain();
      await transport.setBaud(1_000_000);
      await transport.setLines({ rts: false });
      await transport.flushInput();
      await transport.write(Uint8Array.of(2));
      await soon('both bytes', () => received().includes(2));
      expect(transport.isOpen).toBe(true);
    });

    it('tells once that it has gone, and does no harm afterwards', async () => {
      const { transport, unplug } = await opened();
      await unplug();
      await soon('gone', () => gone.length > 0);
      expect(transport.isOpen).toBe(false);
      await transport.write(Uint8Array.of(1));
      await transport.drain();
      await transport.flushInput();
      await expect(transport.setBaud(115_200)).rejects.toMatchObject({ code: 'E_DEVICE_PORT' });
      await expect(transport.setLines({ rts: true })).rejects.toMatchObject({ code: 'E_DEVICE_PORT' });
      await transport.close();
      expect(gone).toHaveLength(1);
      expect(gone[0]).toContain(transport.name);
    });

    it('tells nothing after close', async () => {
      const { transport, say, unplug } = await opened();
      say(Uint8Array.of(9));
      await transport.close();
      await unplug();
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(heard.length).toBe(0);
      expect(gone).toEqual([]);
    });

    it('goes when too much is unsent, and keeps nobody waiting', async (context) => {
      const { transport, hang } = await opened();
      if (hang === null) return context.skip('the other end of this one cannot hang');
      hang();
      const writes: Promise<void>[] = [];
      for (let sent = 0; transport.isOpen && sent < 4_000_000; sent += 1024) writes.push(transport.write(new Uint8Array(1024)));
      expect(transport.isOpen).toBe(false);
      await Promise.all(writes);
      expect(gone).toHaveLength(1);
    });

    it('ends the wait for an unsent write when it is closed', async (context) => {
      const { transport, hang } = await opened();
      if (hang === null) return context.skip('the other end of this one cannot hang');
      hang();
      // More than a pseudo terminal holds, less than may wait.
      let waiting: Promise<void> = Promise.resolve();
      for (let i = 0; i < 400; i++) {
        let done = false;
        waiting = transport.write(new Uint8Array(512));
        void waiting.then(() => (done = true));
        await Promise.resolve();
        await Promise.resolve();
        if (!done) break;
      }
      expect(transport.isOpen).toBe(true);
      await transport.close();
      await waiting;
      expect(MAX_UNSENT_BYTES).toBeGreaterThan(512);
    });
  });
}
