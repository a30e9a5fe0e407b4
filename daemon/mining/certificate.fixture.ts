/** Fresh self-signed certificates, made with the openssl command. */
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface TestCertificate {
  readonly key: string;
  readonly cert: string;
  readonly certFile: string;
  /** SHA-256, hex with colons. */
  readonly fingerprint: string;
}

export interface CertificateOptions {
  /** Default localhost and 127.0.0.1. */
  readonly names?: readonly string[];
  /** It was valid for a day in 2020. */
  readonly expired?: boolean;
}

/** Null when this machine has no openssl. @param dir a folder of the test's own */
export function selfSigned(dir: string, { names = ['DNS:localhost', 'IP:127.0.0.1'], expired = false }: CertificateOptions = {}): TestCertificate | null {
  const file = (name: string): string => path.join(dir, name);
  const run = (...args: string[]): unknown => execFileSync('openssl', args, { stdio: 'ignore', timeout: 20_000 });
  const extension = `subjectAltName=${names.join(',')}`;
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=rigbrain test', '-addext', extension, '-keyout', file('key.pem')];
  try {
    if (expired) {
      run('req', '-new', ...newKey, '-out', file('request.pem'));
      // Only `openssl ca` can be told both dates in every version.
      writeFileSync(file('index.txt'), '');
      writeFileSync(file('ca.cnf'), ['[ca]', 'default_ca=own', '[own]', `database=${file('index.txt')}`, `new_certs_dir=${dir}`, `rand_serial=yes`, 'default_md=sha256', 'policy=any', 'copy_extensions=copy', '[any]', 'commonName=supplied', ''].join('\n'));
      run('ca', '-batch', '-selfsign', '-notext', '-config', file('ca.cnf'), '-keyfile', file('key.pem'), '-in', file('request.pem'), '-startdate', '20200101000000Z', '-enddate', '20200102000000Z', '-out', file('cert.pem'));
    } else {
      run('req', '-x509', ...newKey, '-days', '2', '-out', file('cert.pem'));
    }
  } catch {
    return null;
  }
  const cert = readFileSync(file('cert.pem'), 'utf8');
  return { key: readFileSync(file('key.pem'), 'utf8'), cert, certFile: file('cert.pem'), fingerprint: new X509Certificate(cert).fingerprint256 };
}
