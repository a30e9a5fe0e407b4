/** Joins the control hub to the rig. */
import { RigError } from '../../protocol/common/errors.ts';
import type { RunOptions } from '../cli/run-options.ts';
import { Hub } from '../hub/hub.ts';
import { ledgerPages } from '../hub/ledger-pages.ts';
import type { HubParts } from '../hub/ports.ts';
import { hubToken } from '../hub/token.ts';
import { componentFolders, listComponents } from '../hunt/components/discover.ts';
import { nodeDisk } from '../ledger/disk/node-disk.ts';
import { version } from '../version.ts';
import { RigCommands } from './rig-commands.ts';
import type { Rig } from './rig.ts';
import type { RigContext } from './rig-context.ts';

export interface OpenHub {
  readonly hub: Hub;
  readonly token: string;
}

/** Makes the hub; nothing listens yet. Null when it is off, or has no token it could be trusted with: mining goes on without it. */
export function openHub(options: RunOptions, { state, events, engine, brainstem, hunts }: Rig, { clock, log, closer }: Pick<RigContext, 'clock' | 'log' | 'closer'>): OpenHub | null {
  const { config, dataDir, mode } = options;
  if (!config.hub.enabled) return null;
  const hubLog = log.child({ module: 'hub' });
  try {
    const { token } = hubToken(dataDir, options.resolveSecret(config.hub.token));
    const parts: HubParts = {
      version: version(),
      state,
      onRigEvent(listener) {
        events.events.on('event', listener);
        return () => events.events.off('event', listener);
      },
      tell: (type, message) => events.tell(type, message),
      commands: new RigCommands(engine, { clock, log: hubLog }),
      hunts: hunts && { control: hunts.service, archive: hunts.archive },
      ledger: ledgerPages(nodeDisk, brainstem.base),
      components: () => listComponents(componentFolders(dataDir, config.hunt.components)),
    };
    const hub = new Hub({ config: config.hub, dataDir, mode, token }, parts, { clock, log: hubLog });
    closer.add('hub', () => hub.stop());
    return { hub, token };
  } catch (error) {
    if (!(error instanceof RigError)) throw error;
    hubLog.warn({ code: error.code, err: error.message, hint: error.hint }, 'the hub does not serve; mining goes on');
    events.tell('hub_failed', error.message);
    return null;
  }
}
