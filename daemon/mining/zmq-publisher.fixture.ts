/**
 * A ZeroMQ publisher for tests, written from the ZMTP text alone and sharing no code with the subscriber: one that
 * misreads the text would disagree with it. Mechanism NULL, 3.0 or 3.1, any number of subscribers.
 */
import net from 'node:net';

export interface ZmqPublisher {
  /** tcp://127.0.0.1:port */
  readonly url: string;
  readonly port: number;
  /** Subscriptions now. */
  readonly subscribers: number;
  /** Names of the commands that came after the handshake. */
  readonly commands: readonly string[];
  /** Resolves when there are so many subscriptions. */
  subscribed(count?: number): Promise<void>;
  /** Sends a block notice to whoever asked for it. @param sequence default: counts on */
  publishBlock(hashDisplay: string, sequence?: number): void;
  /** Sends these bytes as they are to everybody connected. */
  raw(bytes: Buffer): void;
  /** From now on PING is not answered. */
  mute(): void;
  /** Drops the connections, keeps listening. */
  drop(): void;
  close(): Promise<void>;
}

interface Peer {
  readonly socket: net.Socket;
  buffer: Buffer;
  stage: 'greeting' | 'ready' | 'traffic';
  readonly topics: string[];
}

function frame(flags: number, body: Buffer): Buffer {
  const head = body.length < 256 ? Buffer.from([flags, body.length]) : Buffer.concat([Buffer.from([flags | 2]), sizeOf(body.length)]);
  return Buffer.concat([head, body]);
}

function sizeOf(length: number): Buffer {
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(length));
  return size;
}

function readyCommand(): Buffer {
  const value = Buffer.from('PUB');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(value.length);
  return frame(4, Buffer.concat([Buffer.from([5]), Buffer.from('READY'), Buffer.from([11]), Buffer.from('Socket-Type'), length, value]));
}

/** Starts a publisher. @param options.minor 1 = ZMTP 3.1 (default), 0 = ZMTP 3.0 */
export async function startZmqPublisher(options: { port?: number; minor?: 0 | 1 } = {}): Promise<ZmqPublisher> {
  const minor = options.minor ?? 1;
  const peers = new Set<Peer>();
  const commands: string[] = [];
  const waiting = new Set<() => void>();
  let sequence = 0;
  let muted = false;
  const subscriptions = (): number => [...peers].reduce((sum, peer) => sum + peer.topics.length, 0);

  const subscribe = (peer: Peer, topic: string): void => {
    peer.topics.push(topic);
    for (const look of waiting) look();
  };

  function take(peer: Peer, flags: number, body: Buffer): void {
    if ((flags & 4) !== 0) {
      const name = body.subarray(1, 1 + body[0]!).toString('latin1');
      const data = body.subarray(1 + body[0]!);
      if (peer.stage === 'ready') {
        if (name !== 'READY' || !data.toString('latin1').includes('SUB')) peer.socket.destroy();
        peer.stage = 'traffic';
        return;
      }
      commands.push(name);
      if (name === 'SUBSCRIBE') subscribe(peer, data.toString('latin1'));
      if (name === 'PING' && !muted) peer.socket.write(frame(4, Buffer.concat([Buffer.from([4]), Buffer.from('PONG'), data.subarray(2)])));
    } else if (body[0] === 1) {
      subscribe(peer, body.subarray(1).toString('latin1'));
    }
  }

  function read(peer: Peer): void {
    if (peer.stage === 'greeting') {
      if (peer.buffer.length < 64) return;
      if (peer.buffer[0] !== 0xff || peer.buffer[9] !== 0x7f || peer.buffer[10] !== 3 || peer.buffer.subarray(12, 17).toString('latin1') !== 'NULL\0') return void peer.socket.destroy();
      peer.buffer = peer.buffer.subarray(64);
      peer.stage = 'ready';
      peer.socket.write(readyCommand());
    }
    for (;;) {
      const { buffer } = peer;
      if (buffer.length < 2) return;
      const long = (buffer[0]! & 2) !== 0;
      if (long && buffer.length < 9) return;
      const at = long ? 9 : 2;
      const size = long ? Number(buffer.readBigUInt64BE(1)) : buffer[1]!;
      if (buffer.length < at + size) return;
      peer.buffer = buffer.subarray(at + size);
      take(peer, buffer[0]!, buffer.subarray(at, at + size));
    }
  }

  const server = net.createServer((socket) => {
    const peer: Peer = { socket, buffer: Buffer.alloc(0), stage: 'greeting', topics: [] };
    peers.add(peer);
    const greeting = Buffer.alloc(64);
    greeting[0] = 0xff;
    greeting[9] = 0x7f;
    greeting[10] = 3;
    greeting[11] = minor;
    greeting.write('NULL', 12, 'latin1');
    // As libzmq does it: the signature first, the rest apart.
    socket.write(greeting.subarray(0, 10));
    socket.write(greeting.subarray(10));
    socket.on('data', (chunk) => {
      peer.buffer = Buffer.concat([peer.buffer, chunk]);
      read(peer);
    });
    socket.on('error', () => {});
    socket.on('close', () => peers.delete(peer));
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;

  return {
    url: `tcp://127.0.0.1:${port}`,
    port,
    get subscribers() {
      return subscriptions();
    },
    commands,
    subscribed(count = 1) {
      return new Promise((resolve) => {
        const look = (): void => {
          if (subscriptions() < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      });
    },
    publishBlock(hashDisplay, number) {
      sequence = number ?? sequence;
      const count = Buffer.alloc(4);
      count.writeUInt32LE(sequence >>> 0);
      sequence += 1;
      const message = Buffer.concat([frame(1, Buffer.from('hashblock')), frame(1, Buffer.from(hashDisplay, 'hex')), frame(0, count)]);
      for (const peer of peers) if (peer.topics.some((topic) => 'hashblock'.startsWith(topic))) peer.socket.write(message);
    },
    raw(bytes) {
      for (const peer of peers) peer.socket.write(bytes);
    },
    mute() {
      muted = true;
    },
    drop() {
      for (const peer of peers) peer.socket.destroy();
    },
    close() {
      for (const peer of peers) peer.socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
