/** `rigbrain config schema`: the text of config/rig.schema.json. */
import { rigJsonSchemaText } from '../../../config/json-schema.ts';
import { EXIT } from '../exit-codes.ts';
import type { CliIo } from '../io.ts';

export async function configSchema(io: CliIo): Promise<number> {
  io.out(rigJsonSchemaText([]).trimEnd());
  return EXIT.ok;
}
