import net from 'node:net';
import type tls from 'node:tls';

/** How to judge a server's certificate: a `tls` section of the configuration. Without any of these the system's CAs and the host name decide. */
export interface TlsTrust {
  /** PEM file with the CA to trust instead of the system ones. */
  readonly ca?: string | undefined;
  /** Accept exactly the certificate with this SHA-256 fingerprint (hex, colons allowed), whoever signed it. */
  readonly fingerprint_sha256?: string | undefined;
  /** Accept any certificate. */
  readonly insecure?: boolean | undefined;
}

/**
 * Connection options for a host under a trust setting.
 * @param ca text of the CA file, when there is one
 */
export function tlsOptions(host: string, trust: TlsTrust | undefined, ca: string | Buffer | undefined): tls.ConnectionOptions {
  return {
    minVersion: 'TLSv1.2',
    // A name for the server to choose its certificate by; addresses are not allowed there (RFC 6066).
    ...(net.isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
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
