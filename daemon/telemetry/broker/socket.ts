import { readFile } from 'node:fs/promises';
import net from 'node:net';
import tls from 'node:tls';
import type { BrokerAddress } from './address.ts';

/** How to trust the broker's certificate; the `tls` section of the configuration. */
export interface BrokerTls {
  /** PEM file with the CA to trust instead of the system ones. */
  readonly ca?: string | undefined;
  /** Accept exactly this certificate, whoever signed it: 64 hex digits, colons allowed. */
  readonly fingerprint_sha256?: string | undefined;
  /** Accept any certificate. */
  readonly insecure?: boolean | undefined;
}

const bareHex = (fingerprint: string): string => fingerprint.replaceAll(':', '').toLowerCase();

function pinMismatch(socket: tls.TLSSocket, pin: string): string | null {
  const seen = socket.getPeerCertificate().fingerprint256;
  return seen !== undefined && bareHex(seen) === bareHex(pin) ? null : `the broker's certificate has the fingerprint ${seen ?? '(none)'}, not the one in mqtt.tls.fingerprint_sha256`;
}

/**
 * Opens TCP or TLS to the broker and checks the certificate, so that no byte of ours (least of all the password) goes
 * to a stranger. Rejects with the system's error; aborting `signal` destroys the socket.
 */
export async function openBrokerSocket(address: BrokerAddress, trust: BrokerTls | undefined, signal: AbortSignal): Promise<net.Socket> {
  const pin = trust?.fingerprint_sha256;
  const ca = address.secure && trust?.ca !== undefined ? await readFile(trust.ca) : undefined;
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const { host, port } = address;
    const socket = address.secure
      ? tls.connect({
          host,
          port,
          ...(net.isIP(host) === 0 ? { servername: host } : {}),
          ...(ca ? { ca } : {}),
          // A pinned certificate need not be signed by anyone we know: the pin is the check.
          rejectUnauthorized: pin === undefined && trust?.insecure !== true,
        })
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
