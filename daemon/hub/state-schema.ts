/** The state tree for programs; what it says in full stands in `daemon/telemetry/state.ts`. */
import { z } from 'zod';

const part = z.looseObject({});

export const stateSchema = z.strictObject({
  node: part.describe('This rig: id, version, mode, pid, started_at, uptime_secs.'),
  mining: part.describe('Status, rate and shares of all mining.'),
  pools: z.array(part),
  devices: z.array(part),
  alarms: z.array(part).describe('Those that are on, and the last ones that were.'),
  server: part.nullable().describe('The LAN pool; null = off.'),
  economy: part,
  hunt: part.nullable().describe('The hunt that runs, or the last one; null = hunts are off.'),
  ledger: part,
});
