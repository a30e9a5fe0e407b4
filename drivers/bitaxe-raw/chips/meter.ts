/** The INA260 of older boards: power, voltage and current of what the board takes. */
import { decodeIna260Milliamps, decodeIna260Millivolts, decodeIna260Milliwatts, INA260_ADDRESS, INA260_REGISTER } from '../../../protocol/board-chips/ina260.ts';
import type { I2c } from '../i2c.ts';

export type MeterReading = 'power_w' | 'vin_v' | 'iin_a';

const READINGS: Record<MeterReading, readonly [register: number, decode: (high: number, low: number) => number]> = {
  power_w: [INA260_REGISTER.power, decodeIna260Milliwatts],
  vin_v: [INA260_REGISTER.busVoltage, decodeIna260Millivolts],
  iin_a: [INA260_REGISTER.current, decodeIna260Milliamps],
};

/** In W, V or A. @throws RigError E_DEVICE_CONTROL */
export async function readMeter(i2c: I2c, what: MeterReading): Promise<number> {
  const [register, decode] = READINGS[what];
  const bytes = await i2c.read(INA260_ADDRESS, register, 2, 'reading the power meter');
  return decode(bytes[0]!, bytes[1]!) / 1000;
}
