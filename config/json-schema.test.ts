import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { driverIds, loadDriver } from '../drivers/registry.ts';
import { packageRoot } from '../daemon/version.ts';
import { loadConfig } from './load.ts';
import { rigJsonSchema, rigJsonSchemaText } from './json-schema.ts';
import { keyDocs, keyReference } from './schema-doc.ts';
import { configSchema } from './schema.ts';

const here = path.join(packageRoot(), 'config');

describe('rig.schema.json', () => {
  it('is what `rigbrain config schema` prints (refresh it with: npx vitest run config -u)', async () => {
    const drivers = await Promise.all(driverIds().map(loadDriver));
    await expect(rigJsonSchemaText(drivers)).toMatchFileSnapshot(path.join(here, 'rig.schema.json'));
  });

  it('is draft 7, keeps descriptions and does not require keys with a default', () => {
    const schema = rigJsonSchema([]) as { $schema: string; additionalProperties: boolean; required?: string[]; properties: Record<string, { properties: Record<string, { description: string; default: unknown }> }> };
    expect(schema.$schema).toBe('http://json-schema.org/draft-07/schema#');
    expect(schema.additionalProperties).toBe(false);
    expect(schema.required).toBeUndefined();
    expect(schema.properties.mining!.properties.default_zeros).toMatchObject({ type: 'integer', default: 6, description: expect.stringContaining('hex digits') });
  });

  it("offers a driver's own options once that driver is named", () => {
    const options = z.strictObject({ threads: z.int().min(1).describe('Hashing threads.').optional() });
    const schema = rigJsonSchema([{ id: 'cpu', title: 'CPU', options }]) as { properties: { devices: { items: { allOf: unknown[] } } } };
    expect(schema.properties.devices.items.allOf).toEqual([
      { if: { properties: { driver: { const: 'cpu' } }, required: ['driver'] }, then: { properties: { options: expect.objectContaining({ title: 'CPU', additionalProperties: false, properties: { threads: expect.objectContaining({ type: 'integer', description: 'Hashing threads.' }) } }) } } },
    ]);
  });
});

describe('rig.yaml', () => {
  it('is valid as it is, and safe: no pool, no opt-in', () => {
    const { config, warnings } = loadConfig({ file: path.join(here, 'rig.yaml'), env: {} });
    expect(config.mining.live).toBe(false);
    expect(config.pools).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('says nothing but the defaults', () => {
    const { config } = loadConfig({ file: path.join(here, 'rig.yaml'), env: {} });
    expect(config).toEqual(configSchema.parse({}));
  });

  it('is valid with every example uncommented', () => {
    const text = readFileSync(path.join(here, 'rig.yaml'), 'utf8')
      .split('\n')
      .filter((line) => !/^(pools|devices): \[\]$/.test(line))
      .map((line) => (/^(\s*)# ?((?:pools|devices):$|\s+-? ?[a-z_]+:.*|[a-z_]+: [^ ].*#?.*)/.test(line) && !/^#\s+rigbrain/.test(line) ? line.replace(/^(\s*)# ?/, '$1') : line))
      .join('\n');
    const { config } = loadConfig({ file: '/rig.yaml', env: {}, read: { text: () => text, list: () => [] } });
    expect(config.pools.map((pool) => pool.id)).toEqual(['my-pool', 'my-node']);
    expect(config.devices.map((device) => device.driver)).toEqual(['bitaxe-raw', 'icarus']);
    expect(config.mining.live).toBe(true);
    expect(config.mqtt.password).toEqual({ file: 'mqtt_password' });
  });

  it('starts with the line that makes editors check it', () => {
    expect(readFileSync(path.join(here, 'rig.yaml'), 'utf8').split('\n')[0]).toBe('# yaml-language-server: $schema=./rig.schema.json');
  });
});

describe('documentation of the keys', () => {
  it('describes every key', () => {
    expect(keyDocs(configSchema).filter((doc) => doc.description === '')).toEqual([]);
  });

  it('names type, default and variable', () => {
    expect(keyDocs(configSchema).find((doc) => doc.key === 'mining.default_zeros')).toMatchObject({ type: 'a whole number', fallback: '6', env: 'RIGBRAIN_MINING__DEFAULT_ZEROS' });
    expect(keyDocs(configSchema).find((doc) => doc.key === 'pools[].url')).toMatchObject({ required: true, env: 'RIGBRAIN_POOLS__0__URL' });
  });

  it('is what docs/config-keys.md says (refresh it with: npx vitest run config -u)', async () => {
    await expect(keyReference(configSchema)).toMatchFileSnapshot(path.join(packageRoot(), 'docs', 'config-keys.md'));
  });
});
