import { describe, expect, it } from 'vitest';
import { addressOfWorker } from './worker-address.ts';

const ME = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4';
const OTHER = '1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH';

describe('the address of a worker name', () => {
  it.each([
    [ME, ME],
    [`${ME}.rig1`, ME],
    [`${ME}_rig1`, ME],
    [`${ME}/1024`, ME],
    [`${ME}+50000.rig`, ME],
    [`${OTHER}.a.b`, OTHER],
    [ME.toUpperCase() + '.x', ME.toUpperCase()],
  ])('%s', (user, address) => {
    expect(addressOfWorker(user)?.address).toBe(address);
  });

  it.each(['', 'acc.rig', 'x', `my${ME}`, ME.slice(0, -1), '.', '0x52908400098527886E0F7030069857D2E4169EE7', `rig.${ME}`])('%j has none', (user) => {
    expect(addressOfWorker(user)).toBeNull();
  });
});
