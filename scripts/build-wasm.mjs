// Compiles the WASM SIMD kernel with AssemblyScript, from the generated source. Without it the native or plain kernels are used.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { generator, root } from './kernel-generator.mjs';

const OPTIONS = ['-O3', '--enable', 'simd', '--runtime', 'stub', '--use', 'abort='];
const build = path.join(root, 'build', 'wasm');
// In dist/, so that a published package has it.
const target = path.join(root, 'dist', 'kernels', 'wasm', 'sha256d.wasm');

async function compile() {
  const source = (await generator()).wasmSource();
  const stamp = createHash('sha256').update(`${OPTIONS}\0${source}`).digest('hex');
  const stampFile = path.join(build, 'stamp');
  if (existsSync(target) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return 'up to date';
  mkdirSync(build, { recursive: true });
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(path.join(build, 'sha256d.as.ts'), source);
  const asc = (await import('assemblyscript/asc')).default;
  const { error, stderr } = await asc.main(['sha256d.as.ts', '--outFile', 'sha256d.wasm', ...OPTIONS], {
    readFile: (name) => (path.basename(name) === 'sha256d.as.ts' ? source : null),
    writeFile: (name, contents) => writeFileSync(path.join(path.dirname(target), path.basename(name)), contents),
    listFiles: () => [],
  });
  if (error) throw new Error(`${error.message} ${stderr.toString()}`.trim());
  writeFileSync(stampFile, stamp);
  return `${(readFileSync(target).length / 1024).toFixed(0)} kB`;
}

try {
  console.log(`wasm kernel: ${path.relative(root, target)} (${await compile()})`);
} catch (error) {
  console.warn(`wasm kernel: not built (${String(error.message).split('\n')[0]}). Mining works with the other kernels.`);
}
