import { expect, test } from 'vitest';
import { loadConfig } from '../../../config/load.ts';
import { hubFindings } from './check-hub.ts';

const findings = (yaml: string) => hubFindings(loadConfig({ file: '/rig.yaml', env: {}, read: { text: () => yaml, list: () => [] } })).map(({ severity, message }) => `${severity} ${message}`);

test('what keeps the hub from serving, or opens it to the network, is said with its place', () => {
  expect(findings('')).toEqual([]);
  expect(findings('hub: {host: 0.0.0.0, enabled: false}')).toEqual([]);
  expect(findings('hub:\n  host: 0.0.0.0\n')).toEqual([expect.stringMatching(/^warning .*rig\.yaml:2:\d+.*hub\.host: without hub\.tls/)]);
  expect(findings('hub: {host: 0.0.0.0, tls: {cert: /none/cert.pem, key: /none/key.pem}}')).toEqual([expect.stringMatching(/^error .*hub\.tls\.cert: \/none\/cert\.pem cannot be read/), expect.stringMatching(/^error .*hub\.tls\.key/)]);
  expect(findings('hub: {port: 3333}\nserver: {enabled: true, port: 3333}')).toEqual([expect.stringMatching(/^error .*hub\.port: 3333 is the port of server\.port/)]);
});
