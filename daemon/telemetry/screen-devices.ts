/** The devices of the status screen: a table with a line for each, and with what a person wants to know of it first. */
import type { DeviceTelemetry } from './state.ts';
import { formatSi } from './units.ts';

/** Of the nonces that healthy chips would have found; fewer are worth a word. */
const ENOUGH_NONCES = 0.9;

/** @param plain makes text from outside harmless */
export function deviceLines(devices: readonly DeviceTelemetry[], plain: (text: string) => string): string[] {
  const rows = devices.map((device) => [device.id, device.status, ...cells(device)]);
  const widths: number[] = [];
  // The last cell of a row is free: a reason may be long.
  for (const row of rows) for (const [column, cell] of row.slice(0, -1).entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  return rows.map((row) => plain(row.flatMap((cell, column) => (column < row.length - 1 ? (widths[column] === 0 ? [] : [cell.padEnd(widths[column]!)]) : [cell])).join('  ').trimEnd()));
}

function cells(device: DeviceTelemetry): string[] {
  const { status, reason, hashrate_hs: rate, temp_c: temperature, power_w: power, detail, shares } = device;
  const heat = temperature === null ? '' : `${temperature.toFixed(0)} C`;
  if (status !== 'hashing' && reason !== null) return [[heat, reason].filter((text) => text !== '').join('  ')];
  const cost = power === null ? '' : `${power.toFixed(1)} W${rate !== null && rate > 0 ? `, ${efficiency(power / (rate / 1e12))}` : ''}`;
  return [formatSi(rate, 'H/s'), heat, cost, `${shares.accepted} accepted`, errorsOf(device), [whatHashes(detail), reason ?? detail.shares_trouble ?? ''].join('  ')];
}

function efficiency(joulesPerTh: number): string {
  return joulesPerTh < 1000 ? `${joulesPerTh.toFixed(1)} J/TH` : formatSi(joulesPerTh, 'J/TH');
}

function errorsOf({ shares, detail }: DeviceTelemetry): string {
  const ratio = numberOf(detail.nonces_ratio);
  const few = ratio !== null && ratio < ENOUGH_NONCES ? `${(100 * ratio).toFixed(0)} % of its nonces` : '';
  return [shares.hardware_errors > 0 ? `${shares.hardware_errors} hw errors` : '', few].filter((text) => text !== '').join(', ');
}

/** The kernel of a CPU; chips with their settings of anything else. */
function whatHashes(detail: DeviceTelemetry['detail']): string {
  // The one that hashes now, where the device knows; it has another for rolled versions.
  const kernel = detail.kernel_running ?? detail.kernel;
  if (typeof kernel === 'string') return kernel;
  const [chips, expected, mhz, volts, fan] = [detail.chips, detail.chips_expected, detail.frequency_mhz, detail.voltage_v, detail.fan_percent].map(numberOf);
  const missing = chips !== null && expected !== null && chips! < expected!;
  const count = missing ? `${chips} of ${expected} x ` : chips !== null && chips! > 1 ? `${chips} x ` : '';
  const texts = [
    typeof detail.chip === 'string' ? `${count}${detail.chip}` : '',
    mhz === null ? '' : `${mhz!.toFixed(0)} MHz`,
    volts === null ? '' : `${volts!.toFixed(2)} V`,
    fan === null ? '' : `fan ${fan!.toFixed(0)} %`,
  ];
  return texts.filter((text) => text !== '').join(' ');
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
