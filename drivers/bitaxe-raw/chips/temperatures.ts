/** What tells how hot the ASICs are, as one thing: every sensor is read, the hottest counts, and one that fails is never taken for cool. */
import { decodeDiodeTemperature } from '../../../protocol/board-chips/diode.ts';
import { EMC2101_ADDRESS, EMC2101_REGISTER, emc2101InternalCelsius } from '../../../protocol/board-chips/emc2101.ts';
import { EMC2103_ADDRESS, EMC2103_REGISTER } from '../../../protocol/board-chips/emc2103.ts';
import type { TemperatureReading } from '../../../protocol/board-chips/reading.ts';
import { decodeTmp1075, TMP1075_ADDRESSES, TMP1075_REGISTER } from '../../../protocol/board-chips/tmp1075.ts';
import type { I2c } from '../i2c.ts';

export interface TemperatureSensor {
  readonly name: string;
  /** Faults of a diode mean nothing before the chips are set up: it hangs on a pin of theirs that has other uses. */
  readonly needsChips: boolean;
  /** @throws RigError E_DEVICE_CONTROL */
  read(): Promise<TemperatureReading>;
}

export type SensorPlan =
  | { readonly kind: 'emc2101-external' | 'emc2101-internal' | 'emc2103'; readonly offsetC: number; readonly swapped: boolean }
  | { readonly kind: 'tmp1075'; readonly offsetC: number; readonly addresses: readonly number[] };

const WHAT = 'reading the temperature';

function withOffset(reading: TemperatureReading, offsetC: number): TemperatureReading {
  return reading.kind === 'ok' ? { kind: 'ok', celsius: reading.celsius + offsetC } : reading;
}

function diode(i2c: I2c, name: string, address: number, high: number, low: number, offsetC: number): TemperatureSensor {
  return {
    name,
    needsChips: true,
    async read() {
      const highByte = await i2c.read(address, high, 1, WHAT);
      const lowByte = await i2c.read(address, low, 1, WHAT);
      return withOffset(decodeDiodeTemperature(highByte[0]!, lowByte[0]!), offsetC);
    },
  };
}

/** The sensor inside an EMC2101 or EMC2103: both have it at register 00, in whole degrees. */
function internal(i2c: I2c, address: number, offsetC: number): TemperatureSensor {
  return {
    name: 'board',
    needsChips: false,
    async read() {
      const byte = await i2c.read(address, EMC2101_REGISTER.internalTemperature, 1, WHAT);
      return { kind: 'ok', celsius: emc2101InternalCelsius(byte[0]!) + offsetC };
    },
  };
}

/** The sensors of a board. */
export function temperatureSensors(plan: SensorPlan, i2c: I2c): TemperatureSensor[] {
  switch (plan.kind) {
    case 'emc2101-external':
      return [diode(i2c, 'chip', EMC2101_ADDRESS, EMC2101_REGISTER.externalTemperatureHigh, EMC2101_REGISTER.externalTemperatureLow, plan.offsetC)];
    case 'emc2101-internal':
      return [internal(i2c, EMC2101_ADDRESS, plan.offsetC)];
    case 'emc2103': {
      const { externalDiode1High, externalDiode1Low, externalDiode2High, externalDiode2Low } = EMC2103_REGISTER;
      const names = plan.swapped ? ['chip 1', 'chip 0'] : ['chip 0', 'chip 1'];
      return [
        diode(i2c, names[0]!, EMC2103_ADDRESS, externalDiode1High, externalDiode1Low, plan.offsetC),
        diode(i2c, names[1]!, EMC2103_ADDRESS, externalDiode2High, externalDiode2Low, plan.offsetC),
      ];
    }
    case 'tmp1075':
      return plan.addresses.map((address, i) => ({
        name: `board ${i}`,
        needsChips: false,
        async read() {
          const bytes = await i2c.read(address, TMP1075_REGISTER.temperature, 2, WHAT);
          return { kind: 'ok' as const, celsius: decodeTmp1075(bytes[0]!, bytes[1]!) + plan.offsetC };
        },
      }));
  }
}

/**
 * What tells how warm the board is while its chips are in reset, when their diode hangs in the air: the fan chip's own sensor;
 * null where the sensors do not hang on the chips.
 */
export function standInSensor(plan: SensorPlan, i2c: I2c): TemperatureSensor | null {
  if (plan.kind !== 'emc2101-external' && plan.kind !== 'emc2103') return null;
  const address = plan.kind === 'emc2103' ? EMC2103_ADDRESS : EMC2101_ADDRESS;
  return internal(i2c, address, 0);
}

export { TMP1075_ADDRESSES };
