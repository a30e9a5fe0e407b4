/** What most commands start with: the configuration, the data folder and the secrets. */
import { loadConfig, type FlagOverride, type LoadedConfig } from '../../../config/load.ts';
import { createSecretResolver, type SecretResolver } from '../../../config/secrets.ts';
import { configSources, dataDirOf, type Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';

export interface CommandContext {
  readonly loaded: LoadedConfig;
  readonly secrets: SecretResolver;
  /** Absolute; may not exist. */
  readonly dataDir: string;
}

/** @throws RigError E_CONFIG_INVALID, E_CONFIG_NOT_FOUND */
export function openContext(io: CliIo, globals: Globals, flags: readonly FlagOverride[] = []): CommandContext {
  const loaded = loadConfig({ ...configSources(io, globals), flags });
  const secrets = createSecretResolver(loaded.config, loaded.origins, loaded.file, io.env);
  return { loaded, secrets, dataDir: dataDirOf(io, globals) };
}
