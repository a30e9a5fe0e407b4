/** What certificate a pool shows, trusted or not: to be pinned, or to see why it is refused. */
import { X509Certificate } from 'node:crypto';
import type { Clock } from '../../../protocol/common/clock.ts';
import { RigError } from '../../../protocol/common/errors.ts';
import { sanitizeText } from '../../../protocol/stratum-v1/text.ts';
import { plainFingerprint } from '../../tls-trust.ts';
import { PoolSocket, type PoolSocketOptions } from '../pool-socket.ts';

export interface CertificateReport {
  readonly subject: string;
  readonly issuer: string;
  /** SHA-256, 64 hex digits, as `tls.fingerprint_sha256` takes it. */
  readonly fingerprint_sha256: string;
  /** Wall clock, ms since the epoch. */
  readonly valid_from: number;
  readonly valid_to: number;
}

const NAME_CHARS = 120;

/** Connects, looks, and hangs up before a byte of Stratum is sent. @throws RigError E_POOL_CONNECT, E_POOL_PROXY, E_POOL_TLS */
export function lookAtCertificate(options: Omit<PoolSocketOptions, 'tls'>, clock: Clock): Promise<CertificateReport> {
  return new Promise((resolve, reject) => {
    const socket = new PoolSocket({ ...options, tls: { insecure: true } }, clock, {
      onConnect: () => {
        const raw = socket.certificate?.raw;
        socket.destroy();
        if (raw === undefined) return reject(new RigError('E_POOL_TLS', 'it shows no certificate'));
        resolve(readCertificate(raw));
      },
      onData: () => undefined,
      onClose: reject,
    });
    socket.open();
  });
}

function readCertificate(raw: Buffer): CertificateReport {
  const certificate = new X509Certificate(raw);
  return {
    subject: nameOf(certificate.subject),
    issuer: nameOf(certificate.issuer),
    fingerprint_sha256: plainFingerprint(certificate.fingerprint256),
    valid_from: Date.parse(certificate.validFrom),
    valid_to: Date.parse(certificate.validTo),
  };
}

/** One line; whoever made the certificate chose the text. */
function nameOf(distinguishedName: string | undefined): string {
  return sanitizeText((distinguishedName ?? '').split('\n').join(', '), NAME_CHARS);
}
