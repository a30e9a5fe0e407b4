/** Documentation made from the topic map: docs/mqtt.md for people, docs/asyncapi.yaml for tools. */
import { stringify } from 'yaml';
import { z } from 'zod';
import { TOPICS, type TopicSpec } from './topics.ts';

const topics = Object.entries(TOPICS) as [string, TopicSpec][];
const withDirection = (direction: TopicSpec['direction']): [string, TopicSpec][] => topics.filter(([, spec]) => spec.direction === direction);

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

const jsonSchema = (spec: TopicSpec): JsonSchema =>
  z.toJSONSchema(spec.payload, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema: schema }) => {
      // The format says it; the pattern and the largest safe integer only hide it.
      if (schema.format === 'date-time') delete schema.pattern;
      if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
    },
  }) as JsonSchema;

function typeName(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants) return variants.map(typeName).join(' or ');
  if (schema.items) return `list of ${typeName(schema.items)}`;
  if (schema.type === 'object' && schema.properties) return `object: ${Object.keys(schema.properties).join(', ')}`;
  if (schema.format === 'date-time') return 'instant';
  return schema.type === undefined ? 'any' : [schema.type].flat().join(' or ');
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

function fieldTable(schema: JsonSchema, optional: boolean): string[] {
  const object = schema.items ?? schema;
  if (!object.properties) return [];
  const rows = Object.entries(object.properties).map(([name, field]) => {
    const may = optional && !object.required?.includes(name) ? ' (may be left out)' : '';
    return `| \`${name}\` | ${cell(typeName(field))}${may} | ${cell(field.description ?? field.anyOf?.find((variant) => variant.description)?.description ?? '')} |`;
  });
  return ['', '| field | type | meaning |', '| --- | --- | --- |', ...rows];
}

const readable = (pattern: string): string => pattern.replace(/\{(\w+)\}/g, '<$1>');

function section(spec: TopicSpec): string[] {
  const schema = jsonSchema(spec);
  const fields = fieldTable(schema, spec.direction === 'subscribe');
  const shape = fields.length > 0 ? (schema.items ? ['', 'A list of objects.'] : []) : ['', `Payload: ${typeName(schema)}.`];
  return [`### \`${readable(spec.pattern)}\``, '', spec.description, ...shape, ...fields, ''];
}

function overview(direction: TopicSpec['direction']): string[] {
  const rows = withDirection(direction).map(([, spec]) => `| \`${readable(spec.pattern)}\` | ${spec.qos} | ${spec.retain ? 'yes' : direction === 'subscribe' ? 'never' : 'no'} | ${spec.description} |`);
  return ['| topic | QoS | retained | what |', '| --- | --- | --- | --- |', ...rows, ''];
}

/** Text of docs/mqtt.md. */
export function renderMarkdown(): string {
  return [
    '# MQTT',
    '',
    'This page is generated from `daemon/telemetry/topics.ts`; a test keeps it in step (`npx vitest run daemon/telemetry/topic-docs -u` writes it anew).',
    '',
    '`<base>` is `mqtt.base_topic` (default `rigbrain`), `<node>` is `node.id`, `<device>` is the id of a device, `<prefix>` is `mqtt.home_assistant.prefix`.',
    '',
    '```sh',
    "mosquitto_sub -h 127.0.0.1 -t 'rigbrain/#' -v",
    'mosquitto_pub -h 127.0.0.1 -t rigbrain/rig1/request/pause -m \'{"transaction":"1"}\'',
    'mosquitto_pub -h 127.0.0.1 -t rigbrain/rig1/cpu/set -m \'{"limit_percent":50}\'',
    '```',
    '',
    '- MQTT 5 is used when the broker takes it, else 3.1.1. The daemon runs on when no broker answers, and reconnects for ever.',
    '- Units stand in the names (`hashrate_hs` is hashes per second, `temp_c`, `power_w`). `null` means unknown; it never means 0. Instants are ISO 8601 in UTC.',
    '- A state is sent when it changes in a way that matters, at most once a second a topic, and at the latest after `mqtt.interval_seconds`. With MQTT 5 it expires after three intervals.',
    '- A device is online only when its own `availability` and the `status` of the rig both say `online`.',
    '- While there is no broker, measurements are not kept; up to 200 events are, and what is lost is counted in `health`. Of accepted and of rejected shares at most one event a second is sent.',
    '- Retained commands are ignored: they would fire at every start. QoS 1 may deliver a command twice; each means the same the second time.',
    '- Every command is answered within 5 seconds, on `<base>/<node>/response/<verb>` or, with MQTT 5, on the response topic it names, with its correlation data.',
    '',
    '## Published',
    '',
    ...overview('publish'),
    '## Commands and other topics listened to',
    '',
    ...overview('subscribe'),
    '## Payloads',
    '',
    ...topics.flatMap(([, spec]) => section(spec)),
  ].join('\n');
}

/** Text of docs/asyncapi.yaml (AsyncAPI 3.0). */
export function renderAsyncApi(): string {
  const channels = Object.fromEntries(
    topics.map(([key, spec]) => {
      const parameters = Object.fromEntries([...spec.pattern.matchAll(/\{(\w+)\}/g)].map(([, name]) => [name as string, {}]));
      const { $schema: _schema, ...payload } = jsonSchema(spec) as Record<string, unknown>;
      const contentType = payload.type === 'string' ? 'text/plain' : 'application/json';
      return [key, { address: spec.pattern, description: spec.description, parameters, messages: { [key]: { contentType, payload } } }];
    }),
  );
  const operations = Object.fromEntries(
    topics.map(([key, spec]) => [
      key,
      { action: spec.direction === 'publish' ? 'send' : 'receive', channel: { $ref: `#/channels/${key}` }, bindings: { mqtt: { qos: spec.qos, ...(spec.direction === 'publish' ? { retain: spec.retain } : {}) } } },
    ]),
  );
  const document = { asyncapi: '3.0.0', info: { title: 'Rigbrain over MQTT', version: '1', description: 'Generated from daemon/telemetry/topics.ts.' }, channels, operations };
  return stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 });
}
