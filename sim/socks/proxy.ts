/** A SOCKS5 proxy on loopback that resolves names only as it is told, and keeps what it was asked and by whom. */
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';

export interface SocksRequest {
  /** Null = no authentication. */
  readonly user: string | null;
  readonly password: string | null;
  /** As it was written: a name, or an address. */
  readonly host: string;
  readonly port: number;
  readonly kind: 'name' | 'ipv4' | 'ipv6';
}

/** What the proxy does wrong; may be changed at any time. */
export interface SocksFaults {
  /** Answers CONNECT with this code. */
  reply: number | null;
  /** Takes the connection and says nothing: at once, or only to CONNECT. */
  silent: 'greeting' | 'connect' | null;
  /** Refuses every user and password. */
  refuseLogin: boolean;
  /** Sends this instead of its first answer. */
  garbage: string | null;
}

export interface SimSocksProxy {
  readonly port: number;
  /** socks5h://127.0.0.1:port */
  readonly url: string;
  readonly requests: readonly SocksRequest[];
  readonly faults: SocksFaults;
  close(): Promise<void>;
}

export interface SimSocksOptions {
  /** Where a name and port lead to; names that are not here get "host unreachable". */
  readonly routes: Readonly<Record<string, { readonly host: string; readonly port: number }>>;
  /** `required`: only user and password. `never`: only without. Default `offered`: as Tor does, the credentials when there are any. */
  readonly login?: 'required' | 'never' | 'offered';
}

const REFUSED = 5;
const UNREACHABLE = 4;

export async function startSimSocksProxy(options: SimSocksOptions): Promise<SimSocksProxy> {
  const requests: SocksRequest[] = [];
  const faults: SocksFaults = { reply: null, silent: null, refuseLogin: false, garbage: null };
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    return socket;
  };
  const server = net.createServer((socket) => {
    serve(keep(socket), options, faults, requests, keep).catch(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `socks5h://127.0.0.1:${port}`,
    requests,
    faults,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function serve(socket: Socket, { routes, login = 'offered' }: SimSocksOptions, faults: SocksFaults, requests: SocksRequest[], keep: (socket: Socket) => Socket): Promise<void> {
  const read = reader(socket);
  const [, count = 0] = await read(2);
  const methods = [...(await read(count))];
  if (faults.silent === 'greeting') return;
  if (faults.garbage !== null) return void socket.write(faults.garbage);
  const method = methods.includes(2) && login !== 'never' ? 2 : methods.includes(0) && login !== 'required' ? 0 : 0xff;
  socket.write(Uint8Array.of(5, method));
  if (method === 0xff) return void socket.end();
  let user: string | null = null;
  let password: string | null = null;
  if (method === 2) {
    user = String(await read((await read(2))[1]!));
    password = String(await read((await read(1))[0]!));
    socket.write(Uint8Array.of(1, faults.refuseLogin ? 1 : 0));
    if (faults.refuseLogin) return void socket.end();
  }
  const [, , , type] = await read(4);
  const kind = type === 3 ? 'name' : type === 4 ? 'ipv6' : 'ipv4';
  const raw = await read(type === 3 ? (await read(1))[0]! : type === 4 ? 16 : 4);
  const host = kind === 'name' ? String(raw) : kind === 'ipv4' ? [...raw].join('.') : raw.toString('hex').replace(/(.{4})(?!$)/g, '$1:');
  const port = (await read(2)).readUInt16BE();
  requests.push({ user, password, host, port, kind });
  if (faults.silent === 'connect') return;
  const answer = (code: number): boolean => socket.write(Uint8Array.of(5, code, 0, 1, 0, 0, 0, 0, 0, 0));
  const route = routes[`${host}:${port}`];
  if (faults.reply !== null || route === undefined) {
    answer(faults.reply ?? UNREACHABLE);
    return void socket.end();
  }
  const out = keep(net.connect(route.port, route.host));
  out.once('connect', () => {
    answer(0);
    socket.pipe(out);
    out.pipe(socket);
    socket.resume();
  });
  out.once('error', () => {
    answer(REFUSED);
    socket.end();
  });
  socket.once('close', () => out.destroy());
  out.once('close', () => socket.destroy());
}

/** Reads exactly so many bytes; what comes behind them stays in the socket. */
function reader(socket: Socket): (count: number) => Promise<Buffer> {
  socket.pause();
  return async (count) => {
    if (count === 0) return Buffer.alloc(0);
    for (;;) {
      const bytes = socket.read(count) as Buffer | null;
      if (bytes !== null) return bytes;
      await once(socket, 'readable');
    }
  };
}
