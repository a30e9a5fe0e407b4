/** A small MQTT 3.1.1 broker in this process, on loopback: demo mode has messages to look at without installing one. */
import net from 'node:net';
import { RigError } from '../../protocol/common/errors.ts';

export interface EmbeddedBrokerOptions {
  /** A loopback address; nothing else is served, because there are no passwords. */
  readonly host?: '127.0.0.1' | '::1';
  /** 0 = any free port. */
  readonly port: number;
  /** Take any free port when `port` is taken, instead of failing. */
  readonly fallbackToFreePort?: boolean;
}

export interface EmbeddedBroker {
  readonly host: string;
  /** The port really listened on. */
  readonly port: number;
  readonly url: string;
  /** Disconnects everybody and frees the port. Twice is the same as once. */
  close(): Promise<void>;
}

function listen(server: net.Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

const isTaken = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';

/**
 * Starts the broker. aedes is loaded here and nowhere else, so that a daemon with a broker of its own never loads it.
 * @throws RigError E_PORT_IN_USE when the port is taken (and no other may be picked)
 */
export async function startEmbeddedBroker(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  const { Aedes } = await import('aedes');
  const host = options.host ?? '127.0.0.1';
  const broker = await Aedes.createBroker();
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    broker.handle(socket);
  });
  const release = (): Promise<void> => new Promise((resolve) => broker.close(() => resolve()));
  try {
    await listen(server, host, options.port).catch((error: unknown) => {
      if (options.fallbackToFreePort !== true || !isTaken(error)) throw error;
      return listen(server, host, 0);
    });
  } catch (error) {
    await release();
    if (isTaken(error)) throw new RigError('E_PORT_IN_USE', `port ${options.port} on ${host} is taken`, { cause: error, context: { host, port: options.port } });
    throw error;
  }
  const { port } = server.address() as net.AddressInfo;
  let closing: Promise<void> | null = null;
  const shut = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
    await release();
  };
  return { host, port, url: `mqtt://${host.includes(':') ? `[${host}]` : host}:${port}`, close: () => (closing ??= shut()) };
}
