import type { PoolConfig } from '../../config/schema.ts';
import { poolSchema } from '../../config/schema.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import type { Log } from '../../protocol/common/log.ts';
import { startSimPool } from '../../sim/pool/pool.ts';
import { startEmbeddedBroker } from '../telemetry/embedded-broker.ts';
import type { Closer } from './closer.ts';

/** What demo mode brings along so that nothing else is needed: a pool on its own chain, and a broker. Both on loopback. */
export interface DemoWorld {
  readonly pool: PoolConfig;
  readonly mqttUrl: string;
}

/** MQTT's registered port, so that `mosquitto_sub` finds the demo without options. */
const MQTT_PORT = 1883;

/** Starts the demo chain's pool and the embedded broker; `closer` owns them from then on. */
export async function startDemoWorld(options: { clock: Clock; log: Log; closer: Closer; versionRolling: boolean }): Promise<DemoWorld> {
  const { clock, log, closer } = options;
  const pool = await startSimPool({ host: '127.0.0.1', port: 0, clock });
  closer.add('demo pool', () => pool.close());
  const broker = await startEmbeddedBroker({ host: '127.0.0.1', port: MQTT_PORT, fallbackToFreePort: true });
  closer.add('embedded broker', () => broker.close());
  if (broker.port !== MQTT_PORT) log.warn({ port: broker.port }, `port ${MQTT_PORT} is taken by another program: the demo's broker listens on ${broker.port}`);
  return { pool: poolSchema.parse({ id: 'demo-pool', url: pool.url, user: 'demo.rig1', version_rolling: options.versionRolling }), mqttUrl: `mqtt://127.0.0.1:${broker.port}` };
}
