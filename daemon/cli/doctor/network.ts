/** The broker and the pools: do they answer from here? */
import type { PoolConfig, RigConfig } from '../../../config/schema.ts';
import type { SecretResolver } from '../../../config/secrets.ts';
import { systemClock } from '../../../protocol/common/clock.ts';
import { messageOf } from '../../../protocol/common/errors.ts';
import { parseProxyUrl } from '../../../protocol/socks5/proxy-url.ts';
import { parsePoolUrl, type PoolAddress } from '../../../protocol/stratum-v1/pool-url.ts';
import { fail, ok, unknown, warn, type Finding } from './finding.ts';
import type { Machine } from './machine.ts';

const DEADLINE_MS = 3000;

/**
 * A pool that does not answer is a failure: without it nothing can be mined. One behind a proxy is never asked from here, not even
 * for its name: only whether the proxy answers is tried.
 * @param proxy `mining.proxy`
 */
export function poolFindings(machine: Machine, pools: readonly PoolConfig[], proxy?: string): Promise<Finding[]> {
  if (pools.length === 0) return Promise.resolve([warn('pools', 'none configured: only demo mode can mine', 'Add a pool to the configuration file, see config/rig.yaml.')]);
  return Promise.all(pools.map((pool) => poolFinding(machine, pool, pool.proxy ?? proxy)));
}

async function poolFinding(machine: Machine, pool: PoolConfig, proxy: string | undefined): Promise<Finding> {
  let address: PoolAddress;
  try {
    address = parsePoolUrl(pool.url);
  } catch (error) {
    return fail(`pool ${pool.id ?? 'without id'}`, messageOf(error), 'Correct `url`, then run `rigbrain check`.');
  }
  const check = `pool ${pool.id ?? address.host}`;
  const where = `${address.host}:${address.port}`;
  if (proxy !== undefined && address.protocol !== 'gbt') return proxyFinding(machine, check, where, proxy);
  if (address.needs_socks) return fail(check, `${where} can only be reached through a proxy, and none is configured`, 'Set `proxy: socks5h://127.0.0.1:9050` (where Tor listens).');
  const reason = await machine.connect(address.host, address.port, DEADLINE_MS);
  return reason === null ? ok(check, `${where} answers`) : fail(check, `${where}: ${reason}`, 'Check host, port, firewall and network.');
}

async function proxyFinding(machine: Machine, check: string, where: string, url: string): Promise<Finding> {
  const proxy = parseProxyUrl(url);
  const at = `${proxy.host}:${proxy.port}`;
  const reason = await machine.connect(proxy.host, proxy.port, DEADLINE_MS);
  if (reason !== null) return fail(check, `${where} is reached through the proxy ${at}: ${reason}`, 'Start the proxy (Tor), or correct `proxy`.');
  return unknown(check, `the proxy ${at} answers; \`rigbrain pools\` tries ${where} through it`);
}

/** The broker is an output: mining goes on without it, so it is never more than a warning. */
export async function brokerFinding(config: RigConfig, secrets: SecretResolver): Promise<Finding> {
  const { mqtt } = config;
  if (!mqtt.enabled) return ok('MQTT broker', 'switched off in the configuration');
  const [{ parseBrokerUrl }, { openSession }, { ProtocolChoice }] = await Promise.all([
    import('../../telemetry/broker/address.ts'),
    import('../../telemetry/broker/session.ts'),
    import('../../telemetry/broker/protocol-choice.ts'),
  ]);
  const address = parseBrokerUrl(mqtt.url);
  const hello = { topic: `${mqtt.base_topic}/${config.node.id}/doctor`, payload: 'looked in', qos: 0, retain: false } as const;
  try {
    const session = await openSession(
      {
        address,
        tls: mqtt.tls,
        user: mqtt.user,
        password: secrets.resolve(mqtt.password) ?? undefined,
        clientId: `rigbrain-doctor-${process.pid}`,
        keepaliveSeconds: 10,
        connectTimeoutMs: DEADLINE_MS,
        will: hello,
      },
      new ProtocolChoice().next,
      systemClock,
      AbortSignal.timeout(DEADLINE_MS),
    );
    const version = session.protocol === 5 ? '5.0' : '3.1.1';
    await session.close(hello, DEADLINE_MS);
    return ok('MQTT broker', `${address.label} answers (MQTT ${version})`);
  } catch (error) {
    return warn('MQTT broker', `${address.label}: ${messageOf(error)}`, 'Start the broker, correct mqtt.url and credentials, or set mqtt.enabled: false. Mining goes on without it.');
  }
}
