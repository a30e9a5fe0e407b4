import { readFileSync, statSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';

/** How to judge a server's certificate: a `tls` section of the configuration. Without any of these the system's CAs and the host name decide. */
export interface TlsTrust {
  /** PEM file with the CA to trust instead of the system ones. */
  readonly ca?: string | undefined;
  /** Accept exactly the certificate with this SHA-256 fingerprint (hex, colons allowed), whoever signed it. */
  readonly fingerprint_sha256?: string | undefined;
  /** Accept any certificate. */
  readonly insecure?: boolean | undefined;
}

const MIN_VERSION = 'TLSv1.2';
/** Where systems keep the authorities that `update-ca-certificates` and its like make: Debian, Fedora, SUSE, Alpine and BSDs. */
const SYSTEM_BUNDLES = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/ca-bundle.pem', '/etc/ssl/cert.pem'];

let systemCache: { readonly key: string; readonly context: tls.SecureContext } | null = null;

/**
 * The authorities this system trusts: the bundle SSL_CERT_FILE names (as OpenSSL has it), else the system's; null = there is
 * none, and those Node.js brings have to do. Parsed anew only when the file has changed.
 */
function systemContext(): tls.SecureContext | null {
  const named = process.env.SSL_CERT_FILE;
  for (const file of named ? [named] : SYSTEM_BUNDLES) {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat === undefined || !stat.isFile()) continue;
    const key = `${file} ${stat.mtimeMs} ${stat.size}`;
    if (systemCache?.key !== key) {
      try {
        systemCache = { key, context: tls.createSecureContext({ ca: readFileSync(file), minVersion: MIN_VERSION }) };
      } catch {
        // One that cannot be read or parsed is none.
        continue;
      }
    }
    return systemCache.context;
  }
  return null;
}

/**
 * Connection options for a host under a trust setting.
 * @param ca text of the CA file, when there is one
 */
export function tlsOptions(host: string, trust: TlsTrust | undefined, ca: string | Buffer | undefined): tls.ConnectionOptions {
  const system = ca === undefined ? systemContext() : null;
  return {
    minVersion: MIN_VERSION,
    // A name for the server to choose its certificate by; addresses are not allowed there (RFC 6066).
    ...(net.isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
    ...(system === null ? {} : { secureContext: system }),
    // A pinned certificate need not be signed by anyone we know: `matchesPin` is the check, made before anything is sent.
    rejectUnauthorized: trust?.fingerprint_sha256 === undefined && trust?.insecure !== true,
  };
}

/** A fingerprint as plain lower-case hex, however it was written. */
export function plainFingerprint(text: string): string {
  return text.replaceAll(':', '').toLowerCase();
}

/** Whether a presented certificate is the pinned one; undefined = none was presented. */
export function matchesPin(presented: string | undefined, pinned: string): boolean {
  return presented !== undefined && plainFingerprint(presented) === plainFingerprint(pinned);
}
