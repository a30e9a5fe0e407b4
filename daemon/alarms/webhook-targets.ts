import type { AlarmsConfig } from '../../config/schema.ts';
import type { SecretRef } from '../../config/secret-ref.ts';
import { RigError } from '../../protocol/common/errors.ts';
import type { WebhookTarget } from './webhook.ts';

/**
 * The configured webhooks with their secrets filled in.
 * @throws RigError E_SECRET_MISSING when a secret is not there, E_CONFIG_INVALID when an address cannot be used; neither shows it
 */
export function webhookTargets(hooks: AlarmsConfig['webhooks'], resolveSecret: (ref: SecretRef | undefined) => string | null): WebhookTarget[] {
  return hooks.map(({ url, url_from, token, format }, index): WebhookTarget => {
    const text = (url ?? resolveSecret(url_from) ?? '').trim();
    const parsed = URL.canParse(text) ? new URL(text) : null;
    const where = `alarms.webhooks.${index}`;
    if (parsed === null || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) throw new RigError('E_CONFIG_INVALID', `${where}.${url === undefined ? 'url_from' : 'url'} is not an address that begins with http:// or https://`);
    // A header takes no line ends; the last one of a file is dropped already.
    const secret = resolveSecret(token);
    if (secret !== null && !/^[\x21-\x7e]+$/.test(secret)) throw new RigError('E_CONFIG_INVALID', `${where}.token holds characters a header cannot`);
    return { label: `webhook ${index + 1}${url === undefined ? '' : ` (${parsed.hostname})`}`, url: parsed, token: secret, format };
  });
}
