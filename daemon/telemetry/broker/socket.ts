import { readFile } from 'node:fs/promises';
import net from 'node:net';
import tls from 'node:tls';
import { matchesPin, tlsOptions, type TlsTrust } from '../../tls-trust.ts';
import type { BrokerAddress } from './address.ts';

function pinMismatch(socket: tls.TLSSocket, pin: string): string | null {
  const seen = socket.getPeerCertificate().fingerprint256;
  return matchesPin(seen, pin) ? null : `the broker's certificate has the fingerprint ${seen ?? '(none)'}, not the one in mqtt.tls.fingerprint_sha256`;
}

/**
 * Opens TCP or TLS to the broker and checks the certificate, so that no byte of ours (least of all the password) goes
 * to a stranger. Rejects with the system's error; aborting `signal` destroys the socket.
 */
export async function openBrokerSocket(address: BrokerAddress, trust: TlsTrust | undefined, signal: AbortSignal): Promise<net.Socket> {
  const pin = trust?.fingerprint_sha256;
  const ca = address.secure && trust?.ca !== undefined ? await readFile(trust.ca) : undefined;
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const { host, port } = address;
    const socket = address.secure
      ? tls.connect({ host, port, ...tlsOptions(host, trust, ca) })
      : net.connect({ host, port });
    const abort = (): void => fail(signal.reason as Error);
    const fail = (error: Error): void => {
      signal.removeEventListener('abort', abort);
      socket.destroy();
      reject(error);
    };
    signal.addEventListener('abort', abort, { once: true });
    socket.once('error', fail);
    socket.once(address.secure ? 'secureConnect' : 'connect', () => {
      const wrong = socket instanceof tls.TLSSocket && pin !== undefined ? pinMismatch(socket, pin) : null;
      if (wrong !== null) return fail(new Error(wrong));
      signal.removeEventListener('abort', abort);
      socket.removeListener('error', fail);
      resolve(socket.setNoDelay(true));
    });
  });
}
