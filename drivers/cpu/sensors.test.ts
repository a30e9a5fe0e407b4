import { describe, expect, it } from 'vitest';
import { cgroupCpus, threadCount } from './available-cpus.ts';
import { readCpuTemperature } from './cpu-temperature.ts';
import { readPackageEnergy } from './package-energy.ts';
import { onBattery } from './power-supply.ts';
import { RateMeter } from './rate-meter.ts';
import { fakeSys } from './sysfs.fixture.ts';

describe('readCpuTemperature', () => {
  it('takes the hottest processor sensor and nothing that is not one', async () => {
    const sys = fakeSys({
      'class/hwmon/hwmon0/name': 'nvme',
      'class/hwmon/hwmon0/temp1_input': 91000,
      'class/hwmon/hwmon1/name': 'coretemp',
      'class/hwmon/hwmon1/temp1_input': 61000,
      'class/hwmon/hwmon1/temp2_input': 64500,
      'class/hwmon/hwmon1/temp2_max': 99000,
      'class/thermal/thermal_zone0/type': 'acpitz',
      'class/thermal/thermal_zone0/temp': 95000,
    });
    expect(await readCpuTemperature(sys)).toBe(64.5);
  });

  it('reads the thermal zone of a Raspberry Pi', async () => {
    const sys = fakeSys({ 'class/thermal/thermal_zone0/type': 'cpu-thermal', 'class/thermal/thermal_zone0/temp': 48312 });
    expect(await readCpuTemperature(sys)).toBe(48.312);
  });

  it('is null without a sensor, and for readings that cannot be', async () => {
    expect(await readCpuTemperature(fakeSys({}))).toBeNull();
    for (const off of [0, -40000, 255000, 'n/a', '']) {
      expect(await readCpuTemperature(fakeSys({ 'class/hwmon/hwmon0/name': 'k10temp', 'class/hwmon/hwmon0/temp1_input': off }))).toBeNull();
    }
  });
});

describe('onBattery', () => {
  const battery = (status: string): Record<string, string> => ({ 'class/power_supply/BAT0/type': 'Battery', 'class/power_supply/BAT0/status': status });
  const mains = (online: string): Record<string, string> => ({ 'class/power_supply/AC/type': 'Mains', 'class/power_supply/AC/online': online });

  it('is true only when the battery discharges and nothing else feeds the machine', async () => {
    expect(await onBattery(fakeSys({ ...battery('Discharging'), ...mains('0') }))).toBe(true);
    expect(await onBattery(fakeSys({ ...battery('Discharging'), ...mains('1') }))).toBe(false);
    expect(await onBattery(fakeSys({ ...battery('Full'), ...mains('1') }))).toBe(false);
  });

  it('is null for a machine without a battery, whatever its mouse has', async () => {
    expect(await onBattery(fakeSys(mains('1')))).toBeNull();
    expect(await onBattery(fakeSys({}))).toBeNull();
    expect(await onBattery(fakeSys({ ...battery('Discharging'), 'class/power_supply/BAT0/scope': 'Device' }))).toBeNull();
  });
});

describe('readPackageEnergy', () => {
  it('adds up the packages, not the parts of them', async () => {
    const zone = (name: string, uj: number): Record<string, number> => ({ [`class/powercap/${name}/energy_uj`]: uj, [`class/powercap/${name}/max_energy_range_uj`]: 262_143_000_000 });
    const sys = fakeSys({ ...zone('intel-rapl:0', 5_000_000), ...zone('intel-rapl:0:0', 4_000_000), ...zone('intel-rapl:1', 7_500_000) });
    expect(await readPackageEnergy(sys)).toEqual({ joules: 12.5, wraps_at_j: 524_286 });
    expect(await readPackageEnergy(fakeSys({}))).toBeNull();
  });
});

describe('cgroupCpus', () => {
  it('is the tightest quota on the way up', () => {
    const root = fakeSys({ 'cpu.max': 'max 100000', 'system.slice/cpu.max': '150000 100000', 'system.slice/rig.service/cpu.max': '300000 100000', self: '0::/system.slice/rig.service' });
    expect(cgroupCpus(`${root}/self`, root)).toBe(1.5);
  });

  it('is no limit without a quota or cgroups', () => {
    const root = fakeSys({ 'a/cpu.max': 'max 100000', self: '0::/a' });
    expect(cgroupCpus(`${root}/self`, root)).toBe(Infinity);
    expect(cgroupCpus(`${root}/none`, root)).toBe(Infinity);
  });
});

describe('threadCount', () => {
  it('leaves one processor free, takes a share, or what it is told', () => {
    expect([threadCount(undefined, 8), threadCount(undefined, 1), threadCount('50%', 8), threadCount('10%', 4), threadCount(3, 2)]).toEqual([7, 1, 4, 1, 3]);
  });
});

describe('RateMeter', () => {
  it('is the mean over the last ten seconds', () => {
    const meter = new RateMeter(10_000);
    expect(meter.rate()).toBeNull();
    for (let second = 0; second <= 20; second++) meter.sample(second * 1000, second <= 10 ? 0 : (second - 10) * 500);
    expect(meter.rate()).toBe(500);
    meter.sample(21_000, 5000);
    expect(meter.rate()).toBe(450);
  });
});
