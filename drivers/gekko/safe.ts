import { BAUD_SETTLE_MS } from '../../protocol/bm13xx/uart.ts';
import { wait } from '../../protocol/common/wait.ts';
import { GEKKO_STICKS } from '../../protocol/gekko/sticks.ts';
import type { DriverContext, SafeReport } from '../contract.ts';
import { makeSafeThrough } from '../safety/safe-port.ts';
import type { Transport } from '../transport/contract.ts';
import { safePackets } from './chain-stick.ts';
import { DIALECTS, REST_MHZ, SLOW_BAUD } from './dialect.ts';
import { modelOfUsb } from './model.ts';
import type { GekkoOptions } from './options.ts';

/** Time in which a bridge sends what it holds of a few short frames. */
const BRIDGE_MS = 40;

/** Sets the slowest clock, or switches the regulator off where there is a controller for it. Never rejects. */
export async function makeGekkoSafe(context: DriverContext<GekkoOptions>): Promise<SafeReport> {
  const located = await context.ports?.locate();
  if (located?.found !== true) return { safe: true, words: `not plugged in${located === undefined ? '' : `: ${located.reason}`}` };
  const model = context.options.model ?? modelOfUsb(located.usb);
  if (model === null) return { safe: false, words: 'which stick it is cannot be told: set `model`' };
  const stick = GEKKO_STICKS[model];
  const telemetry = stick.telemetryPort ? located.ports.telemetry : undefined;
  const path = telemetry ?? located.ports.asic;
  if (path === undefined) return { safe: false, words: 'it has no serial port' };
  const transport = context.ports!.transport(path, SLOW_BAUD);
  return makeSafeThrough(context.clock, transport, async (signal) => {
    if (telemetry !== undefined) {
      await say(transport, safePackets(stick, true));
      return { safe: true, words: `regulator switched off through ${path}` };
    }
    const packets = stick.chip === 'BM1384' || stick.chip === 'BM1387' ? [DIALECTS[stick.chip].rest] : safePackets(stick, false);
    await say(transport, packets);
    if (stick.baud !== SLOW_BAUD) {
      // Nobody knows at which speed a killed process left them. What a bridge still holds would go out at the new speed.
      await wait(context.clock, BRIDGE_MS, signal);
      await transport.setBaud(stick.baud);
      await wait(context.clock, BAUD_SETTLE_MS, signal);
      await say(transport, packets);
      await wait(context.clock, BRIDGE_MS, signal);
    }
    return { safe: true, words: `set to ${REST_MHZ} MHz on ${path}; it cannot be switched off there` };
  });
}

async function say(transport: Transport, packets: readonly Uint8Array[]): Promise<void> {
  for (const packet of packets) await transport.write(packet);
  await transport.drain();
}
