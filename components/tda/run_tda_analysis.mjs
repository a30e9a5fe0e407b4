// Takes a provenance file and prints its TDA metrics; the work is the product's own (daemon/hunt/tda).
import path from 'node:path';
import { parseArgs } from 'node:util';
import { analyseFile, writeAnalysis } from '../../dist/daemon/hunt/tda/analyse-file.js';
import { nodeDisk } from '../../dist/daemon/ledger/disk/node-disk.js';

const { values } = parseArgs({ options: { file: { type: 'string' }, threshold: { type: 'string', default: '0' }, period: { type: 'string', default: '0' }, max_points: { type: 'string', default: '300' } } });
if (values.file === undefined) {
  console.error('usage: run_tda_analysis.mjs --file=provenance_UUID.json [--threshold=DENSITY] [--period=CELLS] [--max_points=N]');
  process.exit(2);
}
try {
  const threshold = Number(values.threshold);
  const period = Number(values.period);
  const analysis = await analyseFile(nodeDisk, path.resolve(values.file), { ...(threshold > 0 && { threshold }), ...(period > 0 && { period }), maxPoints: Number(values.max_points) });
  const [topology, chart, events] = await writeAnalysis(nodeDisk, process.cwd(), analysis);
  const { diagram: _, superlevel, ...metrics } = analysis.topology;
  for (const [name, value] of Object.entries({ id: analysis.id, ...metrics, ...(superlevel && { superlevel_persistent_h0: superlevel.persistent_h0, superlevel_persistent_h1: superlevel.persistent_h1 }) })) {
    console.log(`${name}: ${value === null ? 'not computed' : typeof value === 'object' ? JSON.stringify(value) : value}`);
  }
  console.log(`---OUTPUT-STREAMS---\n${JSON.stringify({ topology, chart, ...(events !== undefined && { events }) })}\n---END-OUTPUT-STREAMS---`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
