import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { asicRig, makeWork } from './device.fixture.ts';

test('docs/asic-devices.md names every field of detail, and no other', async () => {
  const page = readFileSync(new URL('../../docs/asic-devices.md', import.meta.url), 'utf8');
  const table = page.slice(page.indexOf('## Fields of `detail`'));
  const told = [...table.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell]) => [...cell!.matchAll(/`(\w+)`/g)].map(([, name]) => name!));
  const rig = asicRig();
  rig.device.assign(makeWork(1));
  await rig.start();
  expect(told.toSorted()).toEqual(Object.keys(rig.device.state().detail).sort());
  await rig.stop();
});

test('a field of the family does not hide one that all have', async () => {
  const rig = asicRig({ prepare: (board) => (board.readings = () => ({ temp_c: null, power_w: null, voltage_v: null, fan_percent: null, fan_rpm: null, hashrate_claimed_hs: null, bytes_skipped: 0, crc_errors: 0, detail: { nonces: 'mine', regulator_temp_c: 52 } })) });
  rig.device.assign(makeWork(1));
  await rig.start();
  expect(rig.device.state().detail).toMatchObject({ nonces: 0, regulator_temp_c: 52 });
  await rig.stop();
});
