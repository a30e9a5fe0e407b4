/** Hunts on the disk: tables, provenance, fields, files. */
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { provenanceSchema } from '../../hunt/provenance.ts';
import { HubRefusal } from '../answers.ts';
import { fieldImage } from '../field-image.ts';
import type { HubParts } from '../ports.ts';
import { route, type Route } from '../route.ts';
import { detailSchema, fieldQuery, fileParams, huntParams, huntsSchema, jobParams, rowsQuery, rowsSchema } from '../schemas.ts';

export function archiveRoutes({ hunts }: HubParts): Route[] {
  const archive = () => {
    if (hunts === null) throw new HubRefusal(404, 'E_HUNT_UNKNOWN', 'hunts are off', { hint: 'Set hunt.enabled: true in the configuration.' });
    return hunts.archive;
  };
  return [
    route({
      method: 'GET',
      path: '/api/hunts',
      summary: 'Hunts of this data folder, newest first.',
      answers: { 200: huntsSchema },
      handle: async () => ({ status: 200, json: { hunts: hunts === null ? [] : await archive().list() } }),
    }),
    route({
      method: 'GET',
      path: '/api/hunts/:hunt_id',
      summary: 'A hunt: settings, generations, golden run, files.',
      params: huntParams,
      answers: { 200: detailSchema },
      handle: async ({ params }) => ({ status: 200, json: await archive().detail(params.hunt_id) }),
    }),
    route({
      method: 'GET',
      path: '/api/hunts/:hunt_id/jobs',
      summary: 'Jobs of a hunt, a page at a time.',
      params: huntParams,
      query: rowsQuery,
      answers: { 200: rowsSchema },
      async handle({ params, query }) {
        const { total, rows } = await archive().rows(params.hunt_id, query);
        return { status: 200, json: { total, offset: query.offset, rows } };
      },
    }),
    route({
      method: 'GET',
      path: '/api/hunts/:hunt_id/jobs/:job_uuid',
      summary: 'Everything about one job.',
      params: jobParams,
      answers: { 200: provenanceSchema },
      handle: async ({ params }) => ({ status: 200, json: await archive().provenance(params.hunt_id, params.job_uuid) }),
    }),
    route({
      method: 'GET',
      path: '/api/hunts/:hunt_id/jobs/:job_uuid/field',
      summary: 'The last state of a run: float32, little endian, row by row; of three dimensions the middle layer. Headers X-Grid-N, X-Grid-Dim, X-Box-Length.',
      params: jobParams,
      query: fieldQuery,
      answers: { 200: { media: 'application/octet-stream', what: 'N * N float32 numbers.' } },
      async handle({ params: { hunt_id, job_uuid }, query }) {
        const { simulation } = await archive().provenance(hunt_id, job_uuid);
        const field = await archive().field(hunt_id, job_uuid);
        return { status: 200, bytes: fieldImage(field, query.layer), headers: { 'x-grid-n': String(field.n), 'x-grid-dim': String(field.dim), 'x-box-length': String(simulation.L_domain) } };
      },
    }),
    route({
      method: 'GET',
      path: '/api/hunts/:hunt_id/files/*',
      summary: 'A file of the hunt, by its name in `files`.',
      params: fileParams,
      answers: { 200: { media: 'application/octet-stream', what: 'The file, as a download.' } },
      async handle({ params }) {
        const file = await archive().filePath(params.hunt_id, params['*']);
        const name = path.basename(file).replaceAll(/[^\w.-]/g, '_');
        return { status: 200, stream: createReadStream(file), headers: { 'content-disposition': `attachment; filename="${name}"` } };
      },
    }),
  ];
}
