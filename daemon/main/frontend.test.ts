import { expect, test } from 'vitest';
import { warningText, watchCommand } from './frontend.ts';

test.each([
  ['mqtt://127.0.0.1:1883', "watch  mosquitto_sub -p 1883 -v -t 'rigbrain/#'"],
  ['mqtt://127.0.0.1:39417', "watch  mosquitto_sub -p 39417 -v -t 'rigbrain/#'"],
  ['mqtt://homeassistant.local', "watch  mosquitto_sub -h homeassistant.local -p 1883 -v -t 'rigbrain/#'"],
  ['mqtts://[fd00::2]', "watch  mosquitto_sub -h fd00::2 -p 8883 -v -t 'rigbrain/#'"],
])('the command shown for %s reaches that broker', (url, command) => {
  expect(watchCommand(url, 'rigbrain')).toBe(command);
});

test('a warning on the screen says of which pool it is and why', () => {
  expect(warningText({ level: 'warn', msg: 'pool connection ended', pool: 'backup', reason: 'connection refused' })).toBe('warn: backup: pool connection ended (connection refused)');
  expect(warningText({ level: 'error', msg: 'the disk is full' })).toBe('error: the disk is full');
});
