/** `rigbrain alarms test`: one message to every webhook, and what came back. */
import { systemClock } from '../../../protocol/common/clock.ts';
import { postOnce } from '../../alarms/http-post.ts';
import { postOf, testMessage } from '../../alarms/message.ts';
import { webhookTargets } from '../../alarms/webhook-targets.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import { paint, type CliIo } from '../io.ts';
import { openContext } from './context.ts';

const DEADLINE_MS = 10_000;

/**
 * Asks each webhook once; none of them waits for another.
 * @returns 0, or 69 when one did not take the message
 * @throws RigError E_CONFIG_INVALID, E_SECRET_MISSING
 */
export async function testAlarms(io: CliIo, globals: Globals): Promise<number> {
  const { loaded, secrets } = openContext(io, globals);
  const { alarms, node } = loaded.config;
  const targets = webhookTargets(alarms.webhooks, (ref) => secrets.resolve(ref));
  // Every timer of the clock lets the process end; this one keeps it until the webhooks have answered.
  const keepAlive = setInterval(() => {}, 1000);
  try {
    const message = testMessage(node.id, systemClock.now());
    const results = await Promise.all(
      targets.map(async (target) => {
        const began = systemClock.monotonic();
        const result = await postOnce(target, postOf(message, target.format), DEADLINE_MS, systemClock, new AbortController().signal);
        return { webhook: target.label, format: target.format, ok: result.ok, http_status: result.status, reason: result.ok ? null : result.reason, ms: Math.round(systemClock.monotonic() - began) };
      }),
    );
    if (globals.json) io.out(JSON.stringify({ enabled: alarms.enabled, webhooks: results }, null, 2));
    else {
      if (targets.length === 0) io.out('no webhook is configured under alarms.webhooks: alarms go to MQTT, the screen, the log and the ledger');
      for (const { webhook, format, ok, http_status, reason, ms } of results) io.out(`${webhook} (${format}): ${ok ? `${paint(io, 'green', 'taken')} with ${http_status}` : `${paint(io, 'red', 'not taken')}: ${reason}`}, ${ms} ms`);
      if (!alarms.enabled) io.err('rigbrain: warning: alarms.enabled is false: the daemon will send none');
    }
    return results.every(({ ok }) => ok) ? EXIT.ok : EXIT.unavailable;
  } finally {
    clearInterval(keepAlive);
  }
}
