import { describe, expect, test } from 'vitest';
import { RigError } from '../../../protocol/common/errors.ts';
import { parseBrokerUrl } from './address.ts';

describe('parseBrokerUrl', () => {
  test.each([
    ['mqtt://broker.lan', { host: 'broker.lan', port: 1883, secure: false, label: 'mqtt://broker.lan:1883' }],
    ['mqtts://broker.lan', { host: 'broker.lan', port: 8883, secure: true, label: 'mqtts://broker.lan:8883' }],
    ['mqtt://[::1]:1884', { host: '::1', port: 1884, label: 'mqtt://[::1]:1884' }],
    ['mqtt://rig:p%40ss@broker.lan:1999', { user: 'rig', password: 'p@ss', label: 'mqtt://broker.lan:1999' }],
  ])('%s', (url, expected) => {
    expect(parseBrokerUrl(url)).toMatchObject(expected);
  });

  test.each(['', 'broker.lan:1883', 'http://broker.lan', 'mqtt://', 'mqtt://rig:s3cret@', 'ws://rig:s3cret@broker.lan', 'mqtt://rig:s3cret@broker.lan:99999'])('refuses %j without repeating it', (url) => {
    const thrown = (() => {
      try {
        parseBrokerUrl(url);
      } catch (error) {
        return error as RigError;
      }
      return null;
    })();
    expect(thrown).toMatchObject({ code: 'E_CONFIG_INVALID' });
    expect(JSON.stringify([thrown?.message, thrown?.context, thrown?.hint, String(thrown?.cause)])).not.toContain('s3cret');
  });
});
