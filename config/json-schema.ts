/** The JSON Schema that editors use for completion and checks while somebody writes rig.yaml. */
import { z } from 'zod';
import { configSchema } from './schema.ts';

/** What the schema needs to know of a driver. */
export interface DriverOptions {
  readonly id: string;
  readonly title: string;
  readonly options: z.ZodType;
}

type JsonObject = Record<string, unknown>;

/**
 * Draft 7 (what yaml-language-server understands), input side: keys with a default may be left out. Under `devices`,
 * the options follow the driver that is named.
 */
export function rigJsonSchema(drivers: readonly DriverOptions[]): JsonObject {
  const schema = toDraft7(configSchema);
  const devices = (schema.properties as Record<string, JsonObject>).devices!;
  const item = devices.items as JsonObject;
  const properties = item.properties as Record<string, JsonObject>;
  if (drivers.length > 0) {
    properties.driver = { ...properties.driver, enum: drivers.map((driver) => driver.id) };
    item.allOf = drivers.map((driver) => ({
      if: { properties: { driver: { const: driver.id } }, required: ['driver'] },
      then: { properties: { options: { ...part(driver.options), title: driver.title } } },
    }));
  }
  return { ...schema, title: 'Rigbrain configuration' };
}

/** The committed text of config/rig.schema.json. */
export function rigJsonSchemaText(drivers: readonly DriverOptions[]): string {
  return `${JSON.stringify(rigJsonSchema(drivers), null, 2)}\n`;
}

function toDraft7(schema: z.ZodType): JsonObject {
  return z.toJSONSchema(schema, { target: 'draft-7', io: 'input' }) as JsonObject;
}

function part(schema: z.ZodType): JsonObject {
  const { $schema: _, ...rest } = toDraft7(schema);
  return rest;
}
