// Writes System_File_Examples/ of the repository from Brain.QTL. Run it after a change of Brain.QTL (npm run build first).
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const { loadBlueprint } = await import('../dist/daemon/brainstem/blueprint.js');
const { renderExamples } = await import('../dist/daemon/brainstem/examples.js');
const blueprint = loadBlueprint(path.join(root, 'Brain.QTL'));
const folder = path.join(root, blueprint.data.system_example_files.base_location);
rmSync(folder, { recursive: true, force: true });
const files = renderExamples(blueprint);
for (const [name, text] of files) {
  mkdirSync(path.join(folder, path.dirname(name)), { recursive: true });
  writeFileSync(path.join(folder, name), text);
}
console.log(`${files.size} files in ${path.relative(process.cwd(), folder)}`);
