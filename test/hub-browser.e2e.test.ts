/** The hub's page in a real Chromium that can reach nothing but the hub: a person logs in, watches it hash, and runs a hunt. */
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import path from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../daemon/version.ts';
import { findProgram, startRigbrain, temporaryFolder, type RunningRigbrain } from './harness.ts';

const program = findProgram('chromium') ?? findProgram('chromium-browser') ?? findProgram('google-chrome');
const folder = temporaryFolder();
const bin = path.join(packageRoot(), 'dist', 'daemon', 'cli', 'bin.js');

/** Free now, and again after a restart of the daemon. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test.runIf(program === null)('the page in a browser', (context) => context.skip('there is no Chromium on PATH: apt-get install chromium'));

describe.runIf(program !== null)('the page in a browser', () => {
  let port: number;
  let origin: string;
  let rig: RunningRigbrain;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  /** Address of the best run of the hunt that came to its end. */
  let best: string;
  /** What the browser complained of, and requests that went elsewhere. */
  const complaints: string[] = [];
  /** Chromium reports every refused or failed request on the console; those that a test brings about are no complaint. */
  let isExpected: (text: string) => boolean = () => false;

  const start = async (): Promise<void> => {
    rig = startRigbrain(['--demo'], {
      dataDir: folder.dir,
      // Slow enough to be paused in its course, by rest and not by load.
      yaml: 'hunt: { surrogates: 8, cpu_percent: 25 }\n',
      env: { RIGBRAIN_HUB__PORT: String(port) },
    });
    await rig.waitFor('the hub', (line) => line.module === 'hub' && line.url === origin, 30_000);
  };
  const watch = (watched: Page): void => {
    watched.on('console', (message) => void (['error', 'warning'].includes(message.type()) && !isExpected(message.text()) && complaints.push(`console: ${message.text()}`)));
    watched.on('pageerror', (error) => void complaints.push(`error: ${error.message}`));
    watched.on('request', (request) => void (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== origin && complaints.push(`request: ${request.url()}`)));
  };
  const show = async (hash: string): Promise<void> => page.evaluate((to) => void (location.hash = to), hash);
  const number = async (id: string): Promise<number> => Number((await page.getByTestId(id).innerText()).replaceAll(',', ''));
  const connection = (is: string): Promise<void> => page.locator(`[data-connection="${is}"]`).waitFor();
  const huntIs = (...states: string[]): Promise<void> => page.locator(states.map((state) => `[data-testid="hunt-status"][data-status="${state}"]`).join()).waitFor({ timeout: 150_000 });
  /** Presses one of the buttons of the hunt that runs. */
  const press = (label: string): Promise<void> => page.locator('.hunt-live').getByRole('button', { name: label }).click();

  beforeAll(async () => {
    port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    const args = ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1', '--disable-dev-shm-usage', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])];
    [browser] = await Promise.all([chromium.launch({ executablePath: program!, args, timeout: 60_000 }), start()]);
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    context.setDefaultTimeout(30_000);
    await context.addInitScript(() => document.addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`)));
    page = await context.newPage();
    watch(page);
  });
  afterAll(async () => {
    await browser?.close();
    await rig?.stop('SIGKILL');
    folder.remove();
  });

  test('a wrong token is refused, and does not stay in the address bar', async () => {
    isExpected = (text) => text.includes('401');
    await page.goto(`${origin}/#token=wrong`);
    await page.getByRole('alert').waitFor();
    expect(page.url()).not.toContain('wrong');
    await page.getByLabel('Token').fill('wrong as well');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('alert').waitFor();
    expect(await page.getByTestId('accepted').count()).toBe(0);
    isExpected = () => false;
  });

  test('with the address that is printed one is in, and sees accepted shares grow', async () => {
    const address = execFileSync(process.execPath, [bin, 'hub', 'url', '--data', folder.dir], { encoding: 'utf8' }).trim();
    expect(address.startsWith(`${origin}/#token=`)).toBe(true);
    await page.goto(address);
    await connection('live');
    expect(page.url()).not.toContain('token');
    expect(await page.getByRole('status').allInnerTexts()).toContainEqual(expect.stringMatching(/Hashing for demo-pool|Starting/));
    const before = await number('accepted');
    await page.waitForFunction((least) => Number(document.querySelector('[data-testid=accepted]')!.textContent!.replaceAll(',', '')) > least, before);
    await page.waitForFunction(() => /\d\s[kMGT]?H\/s/.test(document.querySelector('[data-testid=hashrate]')!.textContent!));
    await page.locator('.answer-chart canvas').waitFor();
    expect(await page.title()).toMatch(/H\/s · Mining · rig1/);
  });

  test('a device is paused and resumed', async () => {
    const card = page.locator('[data-device=cpu]');
    await card.getByRole('button', { name: 'Pause' }).click();
    await card.getByText('paused', { exact: true }).waitFor();
    await card.getByRole('button', { name: 'Resume' }).click();
    await card.getByText('hashing', { exact: true }).waitFor();
  });

  test('a hunt is started from the form; its status moves while it runs, and it is paused and gone on with', async () => {
    await show('#/hunt');
    await page.getByRole('textbox', { name: /^Generations/ }).fill('0');
    await page.getByLabel('Population').fill('3');
    await page.getByText('Seed and simulation').click();
    await page.getByRole('textbox', { name: /^Seed/ }).fill('7');
    await page.getByLabel('Fresh seeds').fill('1');
    await page.getByLabel('Grid').selectOption('32');
    await page.getByLabel('Steps').fill('800');
    await page.getByRole('button', { name: 'Start the hunt' }).click();
    expect(await page.locator('.start').getByRole('alert').innerText()).toContain('Generations: must be a whole number');
    await page.getByRole('textbox', { name: /^Generations/ }).fill('2');
    await page.getByRole('button', { name: 'Start the hunt' }).click();
    await huntIs('running');
    await page.waitForFunction(() => {
      const done = Number(document.querySelector('[data-testid=jobs-done]')!.textContent);
      return done >= 1 && document.querySelector('[data-testid=hunt-status]')!.getAttribute('data-status') === 'running';
    });
    const told = await page.getByTestId('last-event').innerText();
    await press('Pause');
    await huntIs('paused');
    const done = await number('jobs-done');
    expect(done).toBeLessThan(6);
    await press('Resume');
    await huntIs('running');
    await page.waitForFunction((before) => Number(document.querySelector('[data-testid=jobs-done]')!.textContent) > before, done);
    await page.waitForFunction((before) => document.querySelector('[data-testid=last-event]')!.textContent !== before, told);
  }, 180_000);

  test('its end shows the best run as JSON, a p-value at every score, and what that amounts to', async () => {
    await huntIs('completed');
    await page.getByRole('heading', { name: 'Final best run' }).waitFor();
    const json = JSON.parse(await page.getByLabel('JSON of the best run').innerText()) as Record<string, unknown>;
    expect(json.p_value).toEqual(expect.any(Number));
    expect(json.sncgl_params).toMatchObject({ sncgl_epsilon: expect.any(Number) });
    expect(await page.getByTestId('judgement').innerText()).toMatch(/what noise gives|better than/);
    await page.getByRole('heading', { name: /^Jobs \(\d+\)/ }).waitFor();
    const scores = await page.locator('.score').allInnerTexts();
    expect(scores.length).toBeGreaterThan(6);
    expect(scores.filter((text) => /\d/.test(text) && !/p\s(\d|unknown)/.test(text))).toEqual([]);
    for (const chart of await page.locator('.uplot canvas').all()) expect(await colours(chart)).toBeGreaterThan(3);
  }, 180_000);

  test('the fields of the best run are drawn, each with its scale', async () => {
    await page.getByRole('link', { name: 'fields and metrics' }).click();
    await page.waitForURL(/job/);
    best = new URL(page.url()).hash;
    for (const field of ['Density', 'Phase', 'Metric']) {
      const canvas = page.locator(`canvas[data-field=${field}]`);
      await canvas.waitFor();
      expect(await canvas.getAttribute('width')).toBe('32');
      expect({ field, isDrawn: (await colours(canvas)) > 20 }).toEqual({ field, isDrawn: true });
    }
    expect(await page.locator('.scale-bar').allInnerTexts()).toEqual(['5', '5', '5']);
  });

  test('a hunt is stopped, after a question', async () => {
    await show('#/hunt');
    await page.getByText('Start a hunt').click();
    await page.getByRole('textbox', { name: /^Generations/ }).fill('100');
    await page.getByRole('button', { name: 'Start the hunt' }).click();
    await huntIs('running');
    await press('Stop');
    await page.getByRole('button', { name: 'Stop it now?' }).click();
    await huntIs('stopped');
    await page.getByRole('button', { name: 'Go on with it' }).waitFor();
  }, 180_000);

  test('nothing is wider than a phone', async () => {
    const phone = await context.newPage();
    watch(phone);
    await phone.setViewportSize({ width: 360, height: 740 });
    await phone.goto(origin);
    await phone.locator('[data-connection=live]').waitFor();
    for (const [hash, ready] of [['#/mining', '[data-testid=accepted]'], ['#/hunt', 'text=All hunts'], [best, 'canvas[data-field=Metric]'], ['#/ledger', 'tbody tr'], ['#/components', 'h2']] as const) {
      await phone.evaluate((to) => void (location.hash = to), hash);
      await phone.locator(ready).first().waitFor();
      const tooWide = await phone.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect({ hash, tooWide }).toEqual({ hash, tooWide: 0 });
    }
    await phone.close();
  });

  test('a lost connection is shown at once, and healed when the daemon is back', async () => {
    await show('#/mining');
    await page.getByTestId('accepted').waitFor();
    isExpected = (text) => /ERR_(CONNECTION_REFUSED|INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE|CONNECTION_RESET)/.test(text);
    await rig.stop();
    await connection('lost');
    expect(await page.getByRole('alert').allInnerTexts()).toContain('No connection to the rig.');
    expect(await page.locator('.is-stale').count()).toBe(1);
    await start();
    await connection('live');
    expect(await page.locator('.is-stale').count()).toBe(0);
    await page.waitForFunction(() => Number(document.querySelector('[data-testid=accepted]')!.textContent) > 0);
  });

  test('the browser had nothing to complain of, and asked nobody else', () => {
    expect(complaints).toEqual([]);
  });
});

/** How many colours a canvas shows. */
async function colours(canvas: { evaluate<T>(look: (element: SVGElement | HTMLElement) => T): Promise<T> }): Promise<number> {
  return canvas.evaluate((element) => {
    const { width, height } = element as HTMLCanvasElement;
    return new Set(new Uint32Array((element as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height).data.buffer)).size;
  });
}
