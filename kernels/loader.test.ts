import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { chooseKernel } from './choice.ts';
import { findAddon, findKernels } from './loader.ts';
import { packageRoot } from './paths.ts';
import { prebuiltFolder } from './prebuilt.ts';
import { WASM_FILE } from './workers/kernels.ts';

const prebuilt = path.join('prebuilds', prebuiltFolder(), 'rigbrain.node');
const built = path.join('build', 'native', 'rigbrain.node');
const here = packageRoot();
const roots: string[] = [];
afterAll(() => roots.forEach((root) => rmSync(root, { recursive: true })));

/** A package with these files: copied from this one, or with the text given. */
function packageWith(files: Record<string, string | { readonly copyOf: string }>): string {
  const root = mkdtempSync(path.join(os.tmpdir(), 'rb-loader-'));
  roots.push(root);
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    if (typeof content === 'string') writeFileSync(file, content);
    else copyFileSync(path.join(here, content.copyOf), file);
  }
  return root;
}

const native = findAddon(here).addon !== null;

describe('loader', () => {
  it.skipIf(!native)('prefers the prebuilt addon, and takes the local build when that cannot be loaded', () => {
    const both = packageWith({ [prebuilt]: { copyOf: built }, [built]: { copyOf: built } });
    expect(findAddon(both)).toMatchObject({ from: prebuilt, problems: [] });
    const broken = packageWith({ [prebuilt]: 'not a library', [built]: { copyOf: built } });
    const found = findAddon(broken);
    expect(found.from).toBe(built);
    expect(found.problems[0]).toMatch(/^prebuilds.*: .+/);
    expect(chooseKernel({ root: broken }).kernel.info.source).toBe('native');
  });

  it('falls back to WASM, then to plain JavaScript, with the reasons', () => {
    const wasm = chooseKernel({ root: packageWith({ [WASM_FILE]: { copyOf: WASM_FILE } }) });
    expect(wasm.kernel.info).toMatchObject({ kernel: 'wasm-simd', source: 'wasm', lanes: 4 });
    expect(wasm.problems).toEqual([`${prebuilt}: not there`, `${built}: not there`]);
    const js = chooseKernel({ root: packageWith({ [WASM_FILE]: 'not a module' }) });
    expect(js.kernel.info.kernel).toBe('js');
    expect(js.problems[2]).toMatch(/^wasm-simd: /);
  });

  it('names the processor feature a kernel lacks', () => {
    const problems = [...findKernels({ cpuFeatures: 0 })].flatMap((found) => ('problem' in found ? [found.problem] : []));
    if (native && process.arch === 'x64') expect(problems).toContain('avx2: this processor has no AVX2');
  });

  it('says why the one kernel asked for cannot run', () => {
    const root = packageWith({});
    expect(() => chooseKernel({ kernel: 'native', root })).toThrow(/the hash kernel "native" cannot run here: .*not there/);
    expect(() => chooseKernel({ kernel: 'sse9' })).toThrow(/there is no hash kernel "sse9"/);
  });
});
