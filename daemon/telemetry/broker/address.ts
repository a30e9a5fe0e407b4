import { RigError } from '../../../protocol/common/errors.ts';

/** Where the broker is, with the credentials kept apart from what may be shown. */
export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
  /** mqtts:// */
  readonly secure: boolean;
  /** Address without credentials, for people. */
  readonly label: string;
  /** From the URL; the configuration's own user and password win. */
  readonly user: string | undefined;
  readonly password: string | undefined;
}

/**
 * Reads `mqtt://host[:port]` or `mqtts://host[:port]`. Nothing of the URL stands in an error, since it may hold a password.
 * @throws RigError E_CONFIG_INVALID
 */
export function parseBrokerUrl(text: string): BrokerAddress {
  const refuse = (why: string): never => {
    throw new RigError('E_CONFIG_INVALID', `mqtt.url ${why}`, { hint: 'Use mqtt://host:port or mqtts://host:port.' });
  };
  if (!URL.canParse(text)) return refuse('is not an address');
  const url = new URL(text);
  if (url.protocol !== 'mqtt:' && url.protocol !== 'mqtts:') return refuse(`has the unknown scheme ${url.protocol}//`);
  if (url.hostname === '') return refuse('names no host');
  const secure = url.protocol === 'mqtts:';
  const port = url.port === '' ? (secure ? 8883 : 1883) : Number(url.port);
  const decoded = (part: string): string | undefined => {
    if (part === '') return undefined;
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  };
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port, secure, label: `${url.protocol}//${url.hostname}:${port}`, user: decoded(url.username), password: decoded(url.password) };
}
