/** What a board tells of itself, from what the monitor read and the chips said. */
import { decodeBcdDevice } from '../../protocol/bitaxe-raw/firmware.ts';
import type { BoardReadings } from '../asic/board.ts';
import type { ChainCounters } from '../bm13xx/contract.ts';
import type { ControlCounters } from './control-client.ts';
import type { DrivenFirmware } from './control-side.ts';
import type { Monitor } from './monitor.ts';
import type { Point } from './operating.ts';
import type { BoardPlan } from './plan.ts';

export interface ReportOf {
  readonly monitor: Monitor | null;
  readonly chain: ChainCounters | null;
  /** Of chains before the present one. */
  readonly earlier: { readonly bytes_skipped: number; readonly crc_errors: number };
  readonly control: ControlCounters | null;
  readonly plan: BoardPlan | null;
  readonly firmware: DrivenFirmware;
  readonly bcdDevice: number | null;
  readonly point: Point | null;
  readonly running: boolean;
}

function rounded(value: number | null | undefined, digits: number): number | null {
  return value === null || value === undefined ? null : Number(value.toFixed(digits));
}

/** Firmware version by bcdDevice, such as 0.1.2 of board revision 5. */
function version(bcdDevice: number | null): string | null {
  if (bcdDevice === null) return null;
  const { firmwareMinor, firmwarePatch } = decodeBcdDevice(bcdDevice);
  return `${firmwareMinor}.${firmwarePatch}`;
}

export function boardReadings({ monitor, chain, earlier, control, plan, firmware, bcdDevice, point, running }: ReportOf): BoardReadings {
  const last = monitor?.readings ?? null;
  const rpms = (last?.fans ?? []).map(({ rpm }) => rpm);
  return {
    temp_c: rounded(last?.sensorFault == null ? (last?.temp_c ?? null) : null, 2),
    power_w: rounded(last?.power_w, 2),
    voltage_v: rounded(last?.core_v, 3),
    fan_percent: rounded(monitor?.fanPercent, 0),
    fan_rpm: rpms[0] ?? null,
    hashrate_claimed_hs: running ? (chain?.hashrate_claimed_hs ?? null) : null,
    bytes_skipped: earlier.bytes_skipped + (chain?.bytes_skipped ?? 0),
    crc_errors: earlier.crc_errors + (chain?.crc_errors ?? 0),
    detail: {
      board: plan?.version ?? null,
      firmware,
      firmware_version: version(bcdDevice),
      ...(rpms.length > 1 ? { fan2_rpm: rpms[1] ?? null } : {}),
      voltage_set_v: rounded(point?.volts, 3),
      voltage_in_v: rounded(last?.vin_v, 2),
      current_a: rounded(last?.iout_a, 2),
      regulator_temp_c: rounded(last?.regulator_temp_c, 1),
      power_of: plan === null ? null : plan.meter ? 'board' : plan.regulator === null ? null : 'chips',
      sensor_fault: last?.sensorFault ?? null,
      regulator_fault: running ? (last?.regulatorFault ?? null) : null,
      reads_failed: monitor?.counts.reads_failed ?? 0,
      control_timeouts: control?.timeouts ?? 0,
      control_refused: control?.refused ?? 0,
      not_known: plan?.notKnown ?? null,
    },
  };
}
