import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { fakeRigState, fakeServer } from '../telemetry/rig-state.fixture.ts';
import { startHub, type TestHub } from './hub.fixture.ts';

let rig: TestHub;
afterEach(() => rig.close());

interface OpenApi {
  readonly paths: Record<string, Record<string, { operationId: string; parameters: { name: string; in: string; required: boolean }[]; responses: Record<string, { content?: Record<string, { schema: object }> }>; requestBody?: object; security?: [] }>>;
}

test('the description has every endpoint, once, with what it takes and answers', async () => {
  rig = await startHub();
  const { paths } = (await (await rig.ask('/api/openapi.json')).json()) as OpenApi;
  const operations = Object.entries(paths).flatMap(([at, methods]) => Object.entries(methods).map(([method, operation]) => ({ at, method, ...operation })));
  expect(operations.map(({ method, at }) => `${method} ${at}`).sort()).toEqual([
    'get /api/events',
    'get /api/get-components',
    'get /api/get-status',
    'get /api/hunts',
    'get /api/hunts/{hunt_id}',
    'get /api/hunts/{hunt_id}/files/{file}',
    'get /api/hunts/{hunt_id}/jobs',
    'get /api/hunts/{hunt_id}/jobs/{job_uuid}',
    'get /api/hunts/{hunt_id}/jobs/{job_uuid}/field',
    'get /api/ledger',
    'get /api/openapi.json',
    'get /api/session',
    'get /api/state',
    'post /api/devices/{id}/pause',
    'post /api/devices/{id}/resume',
    'post /api/hunt/pause',
    'post /api/hunt/resume',
    'post /api/hunt/steer',
    'post /api/hunt/stop',
    'post /api/login',
    'post /api/logout',
    'post /api/start-hunt',
  ]);
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  for (const { at, parameters, responses } of operations) {
    expect([at, parameters.filter((one) => one.in === 'path').map(({ name }) => name)]).toEqual([at, [...at.matchAll(/{(\w+)}/g)].map(([, name]) => name)]);
    expect(Object.keys(responses).some((status) => status.startsWith('2'))).toBe(true);
  }
  expect(operations.filter(({ security }) => security?.length === 0).map(({ at }) => at)).toEqual(['/api/session', '/api/login']);
  // The schema of the answer holds for the answer itself, with everything in it.
  rig.state.state = fakeRigState({ server: fakeServer() });
  const schema = z.fromJSONSchema(paths['/api/state']!.get!.responses['200']!.content!['application/json']!.schema as never);
  expect(schema.safeParse(await (await rig.ask('/api/state')).json()).error).toBeUndefined();
});
