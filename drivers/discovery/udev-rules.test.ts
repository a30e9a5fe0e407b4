import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../daemon/version.ts';
import { KNOWN_USB_DEVICES } from '../../protocol/usb/known-devices.ts';
import { udevRules } from './udev-rules.ts';

const rules = udevRules().split('\n').filter((line) => line !== '' && !line.startsWith('#'));

describe('udev rules', () => {
  it('are what deploy/99-rigbrain.rules says (refresh it with: npx vitest run drivers/discovery -u)', async () => {
    await expect(udevRules()).toMatchFileSnapshot(path.join(packageRoot(), 'deploy', '99-rigbrain.rules'));
  });

  it('are well formed: conditions first, then what is set; ids in lower case', () => {
    for (const rule of rules) {
      const tokens = rule.split(/, (?=[A-Z]+[{+=!])/);
      for (const token of tokens) expect(token).toMatch(/^[A-Z]+(\{[\w/]+\})?(==|!=|=|\+=)"[^"]*"$/);
      const sets = tokens.map((token) => !/(==|!=)"/.test(token));
      expect(sets.lastIndexOf(false), rule).toBeLessThan(sets.includes(true) ? sets.indexOf(true) : sets.length);
      for (const [, id] of rule.matchAll(/\{id(?:Vendor|Product)\}=="([^"]*)"/g)) expect(id).toMatch(/^[0-9a-f]{4}$/);
    }
    expect(udevRules()).not.toMatch(/uaccess"|0666/);
  });

  it('give a name only to what is proved, and catch every device that has a driver', () => {
    for (const device of KNOWN_USB_DEVICES) {
      const own = rules.filter((rule) => rule.includes(`=="${device.vendorId}"`) && rule.includes(`=="${device.productId}"`));
      if (device.node !== 'tty') expect(own, device.key).toHaveLength(1);
      else if (device.family !== null) expect(own.length, device.key).toBeGreaterThan(0);
      expect(own.some((rule) => rule.includes(`miner/${device.key}-`)), device.key).toBe(device.node === 'tty' && device.family !== null && device.proof !== 'probe');
    }
  });

  it('shorten the wait of FTDI bridges only', () => {
    for (const rule of rules) expect(rule.includes('latency_timer'), rule).toBe(rule.startsWith('SUBSYSTEM=="tty"') && rule.includes('=="0403"'));
  });
});
