/** The block on a component's standard output that says where its outputs are. */
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { isPath, valueProblem } from './arguments.ts';
import { isInside } from './discover.ts';
import type { Port } from './manifest.ts';

const BEGIN = '---OUTPUT-STREAMS---';
const END = '---END-OUTPUT-STREAMS---';

/** Value of each output; a path is absolute. @throws Error that says what is wrong with the block */
export async function readOutputs(stdout: string, ports: readonly Port[], outFolder: string): Promise<Record<string, string>> {
  const given = blockOf(stdout);
  for (const name of Object.keys(given)) if (!ports.some((port) => port.name === name)) throw new Error(`its output ${name} is not in the manifest`);
  const outputs: Record<string, string> = {};
  for (const port of ports) {
    const value = given[port.name];
    if (value === undefined || value === null) {
      if (port.optional) continue;
      throw new Error(`its output ${port.name} is missing`);
    }
    if (!['string', 'number', 'boolean'].includes(typeof value)) throw new Error(`its output ${port.name} is neither a text nor a number`);
    const text = String(value);
    const problem = isPath(port) ? null : valueProblem(port, text);
    if (problem !== null) throw new Error(`its output ${port.name}: ${problem}`);
    outputs[port.name] = isPath(port) ? await pathOf(port, text, outFolder) : text;
  }
  return outputs;
}

function blockOf(stdout: string): Record<string, unknown> {
  const lines = stdout.split(/\r?\n/);
  const begin = lines.indexOf(BEGIN);
  const end = lines.indexOf(END, begin + 1);
  if (begin < 0 || end < 0) throw new Error(`it printed no block ${BEGIN} ... ${END}`);
  if (lines.indexOf(BEGIN, begin + 1) >= 0) throw new Error(`it printed more than one block ${BEGIN}`);
  let json: unknown;
  try {
    json = JSON.parse(lines.slice(begin + 1, end).join('\n'));
  } catch {
    throw new Error('its output block is no JSON');
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Error('its output block is no JSON object');
  return json as Record<string, unknown>;
}

async function pathOf({ name, type }: Port, text: string, outFolder: string): Promise<string> {
  const folder = await realpath(outFolder);
  const file = await realpath(path.resolve(outFolder, text)).catch(() => null);
  if (file === null) throw new Error(`its output ${name} is not there: ${text}`);
  if (!isInside(folder, file)) throw new Error(`its output ${name} is outside its output folder: ${text}`);
  const found = await stat(file);
  if (type === 'dir' ? !found.isDirectory() : !found.isFile()) throw new Error(`its output ${name} is no ${type === 'dir' ? 'folder' : 'file'}: ${text}`);
  return file;
}
