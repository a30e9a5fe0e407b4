/** `rigbrain hub url|token`: how a person or a script gets into the hub. */
import { RigError } from '../../../protocol/common/errors.ts';
import { readHubAddress } from '../../hub/address-file.ts';
import { loginUrl } from '../../hub/login-url.ts';
import { hubToken, readHubToken } from '../../hub/token.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';
import { openContext, type CommandContext } from './context.ts';

export async function showHubToken(io: CliIo, globals: Globals): Promise<number> {
  const token = tokenOf(openContext(io, globals));
  io.out(globals.json ? JSON.stringify({ token }) : token);
  return EXIT.ok;
}

export async function showHubUrl(io: CliIo, globals: Globals): Promise<number> {
  const context = openContext(io, globals);
  const { dataDir, loaded } = context;
  if (!loaded.config.hub.enabled) throw new RigError('E_HUB', 'the hub is off', { hint: 'Set hub.enabled: true in the configuration.' });
  const address = readHubAddress(dataDir);
  if (address === null) {
    io.err(`rigbrain: no hub runs on ${dataDir}: start \`rigbrain run\`, or name the folder of the daemon with --data`);
    return EXIT.unavailable;
  }
  const url = loginUrl(address.url, tokenOf(context));
  io.out(globals.json ? JSON.stringify({ url: address.url, login_url: url, mode: address.mode, pid: address.pid }) : url);
  return EXIT.ok;
}

/** @throws RigError E_HUB when there is none yet, or it cannot be used; E_SECRET_MISSING */
function tokenOf({ loaded, secrets, dataDir }: CommandContext): string {
  const configured = secrets.resolve(loaded.config.hub.token);
  const token = configured === null ? readHubToken(dataDir) : hubToken(dataDir, configured).token;
  if (token === null) throw new RigError('E_HUB', `there is no token in ${dataDir} yet`, { hint: 'It is made at the first `rigbrain run`; name the folder of the daemon with --data.' });
  return token;
}
