import { expect, test } from 'vitest';
import { connectionWords, describeConnectionError } from './connection-words.ts';

const failed = (message: string, rest: object): Error => Object.assign(new Error(message), rest);

test('a refused connection is told in words first, then by address and code', () => {
  expect(describeConnectionError(failed('connect ECONNREFUSED 127.0.0.1:3333', { code: 'ECONNREFUSED', address: '127.0.0.1', port: 3333 }))).toBe('connection refused (ECONNREFUSED 127.0.0.1:3333)');
  expect(describeConnectionError(failed('', { code: 'ECONNREFUSED' }))).toBe('connection refused (ECONNREFUSED)');
  expect(describeConnectionError(failed('getaddrinfo ENOTFOUND a.invalid', { code: 'ENOTFOUND' }))).toBe('the name is not known (ENOTFOUND)');
});

test('TLS errors are one line without the innards of OpenSSL', () => {
  const openssl = '80AC93198C7F0000:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/openssl/ssl3_record.c:350:\n';
  expect(describeConnectionError(failed(openssl, { code: 'ERR_SSL_WRONG_VERSION_NUMBER', reason: 'wrong version number' }))).toBe('the port does not speak TLS (wrong version number); perhaps the address is stratum+tcp://');
  expect(describeConnectionError(failed(openssl, { code: 'ERR_SSL_NO_SHARED_CIPHER', reason: 'no shared cipher' }))).toBe('TLS failed: no shared cipher');
  expect(describeConnectionError(failed("Hostname/IP does not match certificate's altnames: ...", { code: 'ERR_TLS_CERT_ALTNAME_INVALID', reason: "IP: 127.0.0.1 is not in the cert's list: " }))).toBe("the certificate is for another name: IP: 127.0.0.1 is not in the cert's list");
  expect(describeConnectionError(failed('self-signed certificate', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }))).toBe('the certificate is self-signed');
});

test('what there are no words for is told as it is', () => {
  expect(connectionWords('EWHATEVER')).toBeNull();
  expect(describeConnectionError(failed('unable to verify the first certificate\n', { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }))).toBe('unable to verify the first certificate');
});

test('takes no terminal codes and no thousands of names from a certificate', () => {
  const reason = `Host: pool.example. is not in the cert's altnames: DNS:\u001b[2J, ${'DNS:a.example, '.repeat(5000)}`;
  const words = describeConnectionError(Object.assign(new Error('x'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID', reason }));
  expect(words).toMatch(/^the certificate is for another name: Host: pool\.example\. is not in the cert's altnames: DNS:\[2J/);
  expect(words.length).toBeLessThanOrEqual(300);
});
