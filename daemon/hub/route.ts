/** An endpoint as data: what it takes and answers stands in zod once, for checking requests and for /api/openapi.json. */
import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { HubRefusal } from './answers.ts';

export interface Answer {
  readonly status: number;
  /** JSON, or text that is JSON already, or bytes; left out: no body. */
  readonly json?: unknown;
  readonly text?: string;
  readonly bytes?: Buffer;
  readonly stream?: Readable;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What an answer with a status holds: a schema, or what it is when it is no JSON. */
export type AnswerKind = z.ZodType | { readonly media: string; readonly what: string } | 'nothing';

export interface Route {
  readonly method: 'GET' | 'POST';
  /** As fastify and OpenAPI write it, with `:name` for a part. */
  readonly path: string;
  readonly summary: string;
  /** Needs no login. */
  readonly isOpen?: true;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodObject;
  /** Of what goes well; errors are the same everywhere. */
  readonly answers: Readonly<Record<number, AnswerKind>>;
  /** Null when the handler has taken over the connection. */
  handle(ask: Ask): Promise<Answer | null> | Answer | null;
}

export interface Ask {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

type Parsed<S extends z.ZodObject | undefined> = S extends z.ZodObject ? z.output<S> : Record<string, never>;

/** A route whose handler knows the types of what it is given. */
export function route<P extends z.ZodObject | undefined = undefined, Q extends z.ZodObject | undefined = undefined, B extends z.ZodObject | undefined = undefined>(
  definition: Omit<Route, 'params' | 'query' | 'body' | 'handle'> & {
    readonly params?: P;
    readonly query?: Q;
    readonly body?: B;
    readonly handle: (ask: Ask & { readonly params: Parsed<P>; readonly query: Parsed<Q>; readonly body: Parsed<B> }) => Promise<Answer | null> | Answer | null;
  },
): Route {
  return definition as unknown as Route;
}

/** What a request brings, checked. @throws HubRefusal 400 that names the field */
export function readAsk({ params, query, body, method }: Route, request: FastifyRequest): Pick<Ask, 'params' | 'query' | 'body'> {
  return {
    params: check(params, request.params, ''),
    query: check(query, request.query, '?'),
    // A request without a body is one that leaves everything out.
    body: method === 'POST' ? check(body, request.body ?? {}, '') : {},
  };
}

function check(schema: z.ZodObject | undefined, value: unknown, prefix: string): unknown {
  const parsed = (schema ?? z.strictObject({})).safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? '' : `${prefix}${issue.path.join('.')}: `;
  const others = parsed.error.issues.length > 1 ? ` (and ${parsed.error.issues.length - 1} more)` : '';
  throw new HubRefusal(400, 'E_HUB_REQUEST', `${where}${issue?.message ?? 'not as it should be'}${others}`);
}
