import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startHub } from './hub.fixture.ts';
import { StaticFiles } from './static-files.ts';

let dir: string;
let web: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-web-'));
  web = path.join(dir, 'web');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function build(index: string): void {
  mkdirSync(path.join(web, 'assets'), { recursive: true });
  writeFileSync(path.join(web, 'index.html'), index);
  writeFileSync(path.join(web, 'assets', 'index-DkX3b2aQ.js'), `let x = 1;${' '.repeat(2000)}`);
  writeFileSync(path.join(web, 'secret.pem'), 'not for you');
  writeFileSync(path.join(dir, 'outside.txt'), 'not for you');
}

test('the page is served with what a browser needs to keep it, and addresses of the page are its index', async () => {
  build('<h1>rig</h1>');
  const rig = await startHub({ webFolder: web });
  try {
    for (const to of ['/', '/index.html', '/hunts/1234', '/ledger?before=3']) {
      const answer = await fetch(`${rig.url}${to}`);
      expect([to, answer.status, await answer.text(), answer.headers.get('cache-control')]).toEqual([to, 200, '<h1>rig</h1>', 'no-cache']);
    }
    const script = await fetch(`${rig.url}/assets/index-DkX3b2aQ.js`);
    expect(Object.fromEntries(['content-type', 'content-encoding', 'cache-control', 'vary'].map((name) => [name, script.headers.get(name)]))).toEqual({ 'content-type': 'text/javascript; charset=utf-8', 'content-encoding': 'gzip', 'cache-control': 'public, max-age=31536000, immutable', vary: 'accept-encoding' });
    expect(await script.text()).toMatch(/^let x = 1;/);
    expect((await fetch(`${rig.url}/`, { headers: { 'if-none-match': (await fetch(`${rig.url}/`)).headers.get('etag')! } })).status).toBe(304);
    expect((await fetch(`${rig.url}/`, { method: 'POST' })).status).toBe(404);
    expect(Number((await fetch(`${rig.url}/`, { method: 'HEAD' })).headers.get('content-length'))).toBe(12);
  } finally {
    await rig.close();
  }
});

test('nothing outside the folder and nothing that is no part of a page is served', () => {
  build('<h1>rig</h1>');
  const files = new StaticFiles(web);
  for (const name of ['/../outside.txt', '/..%2foutside.txt', '/%2e%2e/outside.txt', '/assets/../../outside.txt', '/secret.pem', '/%00.txt', '/%zz.txt', '/assets/none.js']) expect([name, files.find(name)]).toEqual([name, null]);
});

test('a page that is not built says so, and is there once it is', () => {
  const files = new StaticFiles(web);
  expect(files.find('/')).toMatchObject({ status: 503, file: { type: 'text/html; charset=utf-8' } });
  expect(files.find('/')!.file.body.toString()).toContain('npm run build');
  build('<h1>first</h1>');
  expect(files.find('/')).toMatchObject({ status: 200 });
  build('<h1>second</h1>');
  utimesSync(path.join(web, 'index.html'), 1, 1);
  expect(files.find('/somewhere')!.file.body.toString()).toBe('<h1>second</h1>');
});
