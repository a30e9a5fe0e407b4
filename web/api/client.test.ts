import { afterEach, expect, test, vi } from 'vitest';
import { api, ApiError, wordsOf } from './client.ts';

afterEach(() => vi.unstubAllGlobals());

const answering = (response: () => Response | Promise<Response>) => {
  const asked = vi.fn(response);
  vi.stubGlobal('fetch', asked);
  return asked;
};

test('a refusal is told in whole sentences, with what to do about it', async () => {
  answering(() => Response.json({ error: { code: 'E_HUNT_BUSY', message: 'a hunt runs already', hint: 'Stop it, or wait.' }, message: 'a hunt runs already' }, { status: 409 }));
  const error = await api.startHunt({}).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ status: 409, code: 'E_HUNT_BUSY' });
  expect(wordsOf(error)).toBe('A hunt runs already. Stop it, or wait.');
});

test('so is one of the old form, and one that is no JSON', async () => {
  answering(() => Response.json({ message: 'busy' }, { status: 409 }));
  expect(wordsOf(await api.stopHunt().catch((reason: unknown) => reason))).toBe('Busy.');
  answering(() => new Response('<html>', { status: 502 }));
  expect(wordsOf(await api.stopHunt().catch((reason: unknown) => reason))).toBe('The hub answered 502.');
});

test('a hub that cannot be reached has no status', async () => {
  answering(() => Promise.reject(new TypeError('fetch failed')));
  const error = await api.session().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status: 0, message: 'the hub cannot be reached' });
});

test('ids and file names stay within their place in the address', async () => {
  const asked = answering(() => Response.json({}));
  await api.job('a/b', '../x?y');
  expect(asked.mock.calls[0]).toEqual(['/api/hunts/a%2Fb/jobs/..%2Fx%3Fy', expect.anything()]);
  expect(api.fileUrl('id', 'out/a b.csv')).toBe('/api/hunts/id/files/out/a%20b.csv');
});

test('a field is read as little endian numbers, and one that is cut short is none', async () => {
  const bytes = new DataView(new ArrayBuffer(16));
  [1, -2.5, 3, 0].forEach((value, i) => bytes.setFloat32(4 * i, value, true));
  const headers = { 'x-grid-n': '2', 'x-grid-dim': '2', 'x-box-length': '20' };
  answering(() => new Response(bytes.buffer, { headers }));
  expect(await api.field('h', 'j', 'density')).toEqual({ n: 2, dim: 2, boxLength: 20, values: Float32Array.of(1, -2.5, 3, 0) });
  answering(() => new Response(bytes.buffer.slice(0, 12), { headers }));
  await expect(api.field('h', 'j', 'density')).rejects.toThrow('12 bytes for a field of 2 x 2');
});
