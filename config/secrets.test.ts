import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from './load.ts';
import { createSecretResolver } from './secrets.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-secrets-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function resolver(yaml: string, env: Record<string, string> = {}) {
  const file = path.join(dir, 'rig.yaml');
  writeFileSync(file, yaml);
  const loaded = loadConfig({ file, env: {} });
  return { secrets: createSecretResolver(loaded.config, loaded.origins, loaded.file, env), config: loaded.config };
}

describe('secret references', () => {
  it('reads an environment variable', () => {
    const { secrets, config } = resolver('mqtt: {password: {env: BROKER_PW}}\n', { BROKER_PW: 's3cret' });
    expect(secrets.resolve(config.mqtt.password)).toBe('s3cret');
    expect(secrets.resolve(undefined)).toBeNull();
  });

  it('reads a file beside the configuration and drops one last newline', () => {
    writeFileSync(path.join(dir, 'pw'), ' two words \n\n', { mode: 0o600 });
    const { secrets, config } = resolver('mqtt: {password: {file: pw}}\n');
    expect(secrets.resolve(config.mqtt.password)).toBe(' two words \n');
  });

  it('prefers a systemd credential of the same name', () => {
    const credentials = path.join(dir, 'credentials');
    mkdirSync(credentials);
    writeFileSync(path.join(credentials, 'pw'), 'from systemd');
    writeFileSync(path.join(dir, 'pw'), 'from disk');
    const { secrets, config } = resolver('mqtt: {password: {file: pw}}\n', { CREDENTIALS_DIRECTORY: credentials });
    expect(secrets.resolve(config.mqtt.password)).toBe('from systemd');
    expect(secrets.warnings()).toEqual([expect.stringContaining(path.join(dir, 'pw'))]);
  });

  it('names the line of the configuration when the secret is not there', () => {
    const { secrets, config } = resolver('pools:\n  - url: stratum+tcp://a:1\n    password:\n      env: MISSING_PW\nmqtt: {password: {file: gone}}\n');
    expect(() => secrets.resolve(config.pools[0]!.password)).toThrow(expect.objectContaining({ code: 'E_SECRET_MISSING', message: expect.stringMatching(/pools\.0\.password \(.*rig\.yaml:3:5\) wants the environment variable MISSING_PW/) }));
    expect(() => secrets.resolve(config.mqtt.password)).toThrow(expect.objectContaining({ code: 'E_SECRET_MISSING', message: expect.stringContaining(path.join(dir, 'gone')) }));
  });

  it('warns about a file that others may read, and is content once it is private', () => {
    const file = path.join(dir, 'pw');
    writeFileSync(file, 'x');
    chmodSync(file, 0o644);
    const { secrets } = resolver(`mqtt: {password: {file: ${file}}}\n`);
    expect(secrets.warnings()).toEqual([expect.stringContaining(`chmod 600 ${file}`)]);
    chmodSync(file, 0o600);
    expect(secrets.warnings()).toEqual([]);
  });

  it('wants exactly one of env and file', () => {
    expect(() => resolver('mqtt: {password: {env: A, file: b}}\n')).toThrow(/give exactly one of env or file/);
  });
});
