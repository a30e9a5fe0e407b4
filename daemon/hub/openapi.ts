import { z } from 'zod';
import type { AnswerKind, Route } from './route.ts';
import { errorSchema } from './schemas.ts';

const ERRORS: Readonly<Record<string, string>> = {
  400: 'Bad input; the message names the field.',
  401: 'Not logged in.',
  403: 'From another site, or by a name the hub is not known by.',
  404: 'There is no such thing.',
  409: 'Not now.',
  429: 'Too many wrong tokens; Retry-After says when.',
  503: 'Busy, or not there now.',
};

/** The API as OpenAPI 3.1, made from the schemas that requests are checked with. */
export function openApi(routes: readonly Route[], version: string): object {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}').replace('/*', '/{file}');
    (paths[path] ??= {})[route.method.toLowerCase()] = {
      operationId: `${route.method.toLowerCase()}_${route.path.replace('/api/', '').replaceAll(/[^a-z0-9]+/gi, '_').replace(/_$/, '')}`,
      summary: route.summary,
      ...(route.isOpen && { security: [] }),
      parameters: [...parameters(route.params, 'path'), ...parameters(route.query, 'query')],
      ...(route.body && Object.keys(route.body.shape).length > 0 && { requestBody: { content: { 'application/json': { schema: json(route.body, 'input') } } } }),
      responses: {
        ...Object.fromEntries(Object.entries(route.answers).map(([status, kind]) => [status, answer(kind)])),
        ...Object.fromEntries(Object.entries(ERRORS).map(([status, description]) => [status, { description, content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } }])),
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Rigbrain control hub', version },
    security: [{ bearer: [] }, { cookie: [] }],
    components: {
      schemas: { Error: json(errorSchema, 'output') },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' }, cookie: { type: 'apiKey', in: 'cookie', name: 'rigbrain', description: 'Set by POST /api/login; its name has a suffix of its own for every rig.' } },
    },
    paths,
  };
}

function answer(kind: AnswerKind): object {
  if (kind === 'nothing') return { description: 'Done.' };
  if (kind instanceof z.ZodType) return { description: 'Done.', content: { 'application/json': { schema: json(kind, 'output') } } };
  return { description: kind.what, content: { [kind.media]: { schema: { type: 'string', format: 'binary' } } } };
}

function parameters(schema: z.ZodObject | undefined, where: 'path' | 'query'): object[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = json(schema, 'output') as { properties?: Record<string, { description?: string }>; required?: string[] };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({ name: name === '*' ? 'file' : name, in: where, required: where === 'path' || (required.includes(name) && !('default' in rest)), ...(description !== undefined && { description }), schema: rest }));
}

function json(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Record<string, unknown>;
  return rest;
}
