/**
 * Which board it is, as far as the chips on I2C tell. What is left is told apart by the ASICs themselves: their name and how
 * many answer. A board that could be two that differ in what matters is not powered by guessing.
 */
import { DS4432U_ADDRESS, DS4432U_REGISTER } from '../../protocol/board-chips/ds4432u.ts';
import { INA260_ADDRESS, INA260_REGISTER } from '../../protocol/board-chips/ina260.ts';
import { TMP1075_REGISTER } from '../../protocol/board-chips/tmp1075.ts';
import { PMBUS } from '../../protocol/pmbus/commands.ts';
import { isTps546, TPS546_ADDRESS } from '../../protocol/pmbus/tps546.ts';
import { pmbusReadBlock } from '../../protocol/pmbus/transfer.ts';
import { BM13XX_CHIPS } from '../../protocol/bm13xx/chips.ts';
import { RigError } from '../../protocol/common/errors.ts';
import { FAN_PROBES, type FanChipName } from './chips/fans.ts';
import type { Regulator } from './chips/regulators.ts';
import { TMP1075_ADDRESSES } from './chips/temperatures.ts';
import { controlFailure } from './control-client.ts';
import type { I2c } from './i2c.ts';
import { differsInWhatMatters, type BoardPlan } from './plan.ts';

export interface ChipsFound {
  readonly fans: readonly FanChipName[];
  readonly regulators: readonly Regulator['name'][];
  readonly meter: boolean;
  /** Of TMP1075. */
  readonly thermometers: readonly number[];
}

/** Looks which chips answer. @throws RigError E_DEVICE_CONTROL when the bridge itself does not answer */
export async function lookForChips(i2c: I2c): Promise<ChipsFound> {
  async function present(address: number, register: number, length: number, right: (data: Uint8Array) => boolean = () => true): Promise<boolean> {
    try {
      return right(await i2c.read(address, register, length, `looking for a chip at ${address.toString(16)}`));
    } catch (error) {
      // No chip answers with an error of the bridge; a bridge that says nothing is another matter.
      if (controlFailure(error) !== 'refused') throw error;
      return false;
    }
  }
  const fans: FanChipName[] = [];
  for (const { name, address, register, ids } of FAN_PROBES) if (await present(address, register, 1, ([id]) => ids === null || ids.includes(id!))) fans.push(name);
  const regulators: Regulator['name'][] = [];
  const isRegulator = (data: Uint8Array): boolean => isTps546(pmbusReadBlock(data) ?? new Uint8Array(0));
  if (await present(TPS546_ADDRESS, PMBUS.icDeviceId.code, 7, isRegulator)) regulators.push('TPS546');
  if (await present(DS4432U_ADDRESS, DS4432U_REGISTER.out0, 1)) regulators.push('DS4432U');
  const meter = await present(INA260_ADDRESS, INA260_REGISTER.busVoltage, 2);
  const thermometers: number[] = [];
  for (const address of TMP1075_ADDRESSES) if (await present(address, TMP1075_REGISTER.temperature, 2)) thermometers.push(address);
  return { fans, regulators, meter, thermometers };
}

function fits(plan: BoardPlan, found: ChipsFound): boolean {
  return (
    plan.fan !== null && found.fans.includes(plan.fan) &&
    plan.regulator !== null && found.regulators.includes(plan.regulator.chip) &&
    plan.meter === found.meter &&
    (plan.sensors.kind !== 'tmp1075' || plan.sensors.addresses.every((address) => found.thermometers.includes(address)))
  );
}

const CHOOSE_HINT = 'Write the version that is printed on the board as `board` of this device.';

function refuse(reason: string, plans: readonly BoardPlan[]): RigError {
  const versions = plans.map(({ version }) => version);
  return new RigError('E_DEVICE_CONTROL', `${reason}: it could be ${versions.join(', ')}`, { context: { versions }, hint: CHOOSE_HINT });
}

function describe({ fans, regulators, meter, thermometers }: ChipsFound): string {
  const names = [...fans, ...regulators, ...(meter ? ['INA260'] : []), ...(thermometers.length > 0 ? [`${thermometers.length} x TMP1075`] : [])];
  return names.length === 0 ? 'no chip answers on its I2C bus' : `on its I2C bus answer ${names.join(', ')}`;
}

/**
 * The boards that have just these chips. They share fan controller and regulator, so that they can be powered in the same way.
 * @throws RigError E_DEVICE_CONTROL when there is none, or they cannot be powered in the same way
 */
export function candidatesBy(found: ChipsFound, plans: readonly BoardPlan[]): BoardPlan[] {
  const left = plans.filter((plan) => fits(plan, found));
  if (left.length === 0) throw refuse(`no board known has these parts (${describe(found)})`, plans);
  const powered = ({ fan, regulator, meter }: BoardPlan): string => JSON.stringify({ fan, regulator, meter });
  if (left.some((plan) => powered(plan) !== powered(left[0]!))) throw refuse(`${describe(found)}, which does not tell how it is powered`, left);
  return left;
}

/** The lowest core voltage that all of them are used with. */
export function sharedVolts(plans: readonly BoardPlan[]): number | null {
  const ranges = plans.flatMap(({ asic }) => BM13XX_CHIPS[asic].operating?.millivolts ?? []);
  return ranges.length === 0 ? null : Math.max(...plans.map(({ asic }) => BM13XX_CHIPS[asic].operating?.millivolts[0] ?? 0)) / 1000;
}

/**
 * The board among candidates, once its ASICs have answered.
 * @throws RigError E_DEVICE_SILENT when fewer answer than any candidate has; E_DEVICE_CONTROL when several are left that differ in what matters
 */
export function chooseBoard(candidates: readonly BoardPlan[], asic: string, asics: number): BoardPlan {
  const byChip = candidates.filter((plan) => plan.asic === asic);
  if (byChip.length === 0) throw refuse(`its chips are ${asic}, which none of the boards with these parts has`, candidates);
  const exact = byChip.filter((plan) => plan.asics === asics);
  if (exact.length === 0) {
    const counts = [...new Set(byChip.map((plan) => plan.asics))];
    throw new RigError('E_DEVICE_SILENT', `${asics} x ${asic} answered, the boards with these parts have ${counts.join(' or ')}`, { context: { chips: asics, versions: byChip.map(({ version }) => version) } });
  }
  const first = exact[0]!;
  if (exact.some((plan) => differsInWhatMatters(plan, first))) throw refuse(`${asics} x ${asic} answered, which does not tell which board it is`, exact);
  return first;
}
