/** `rigbrain config schema`: the text of config/rig.schema.json. */
import { rigJsonSchemaText } from '../../../config/json-schema.ts';
import { EXIT } from '../exit-codes.ts';
import type { CliIo } from '../io.ts';
import { loadableDrivers } from './drivers.ts';

export async function configSchema(io: CliIo): Promise<number> {
  io.out(rigJsonSchemaText(await loadableDrivers()).trimEnd());
  return EXIT.ok;
}
