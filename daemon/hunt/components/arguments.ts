/** What a component is given, checked against its manifest, and the argument list made of it. */
import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { RigError } from '../../../protocol/common/errors.ts';
import type { Component } from './discover.ts';
import { keyOf } from './discover.ts';
import { tunableProblem, tunableValue, type Port, type TunableValue } from './manifest.ts';

export interface ComponentRequest {
  readonly inputs: Readonly<Record<string, string>>;
  /** Of tunable variables; those left out have their default. */
  readonly settings: Readonly<Record<string, string>>;
  /** Paths of inputs are relative to it. */
  readonly cwd: string;
}

export interface CheckedRequest {
  readonly jobUuid: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, TunableValue>>;
}

/** @throws RigError E_COMPONENT that names the input or variable, and what it has to be */
export async function checkRequest({ manifest }: Component, { inputs, settings, cwd }: ComponentRequest): Promise<CheckedRequest> {
  const wrong = (what: string, why: string): RigError => new RigError('E_COMPONENT', `${keyOf(manifest)}: ${what}: ${why}`, { hint: `See \`rigbrain component show "${manifest.name}"\`.`, context: { component: keyOf(manifest), field: what } });
  unknownNames(Object.keys(inputs), manifest.inputs, (name) => wrong(`input ${name}`, `there is no such input; there are ${manifest.inputs.map((port) => port.name).join(', ') || 'none'}`));
  unknownNames(Object.keys(settings), manifest.tunable_variables, (name) => wrong(`variable ${name}`, `there is no such variable; there are ${manifest.tunable_variables.map((variable) => variable.name).join(', ') || 'none'}`));
  const checked: Record<string, string> = {};
  let jobUuid = randomUUID() as string;
  for (const port of manifest.inputs) {
    const given = inputs[port.name] ?? (port.type === 'string:uuid' && port.name === 'job_uuid' ? jobUuid : undefined);
    if (given === undefined) {
      if (port.optional) continue;
      throw wrong(`input ${port.name}`, `it is needed (${port.type}${port.description === '' ? '' : `: ${port.description}`})`);
    }
    const value = isPath(port) ? path.resolve(cwd, given) : given;
    const problem = await inputProblem(port, value);
    if (problem !== null) throw wrong(`input ${port.name}`, problem);
    if (port.name === 'job_uuid') jobUuid = value;
    checked[port.name] = value;
  }
  const values = Object.fromEntries(manifest.tunable_variables.map((variable): [string, TunableValue] => {
    const text = settings[variable.name];
    if (text === undefined) return [variable.name, variable.default];
    const value = tunableValue(variable, text);
    const problem = tunableProblem(variable, value);
    if (problem !== null) throw wrong(`variable ${variable.name}`, problem);
    return [variable.name, value];
  }));
  return { jobUuid, inputs: checked, settings: values };
}

/** One `--name=value` for each input and variable, or what the manifest's template says. @throws RigError E_COMPONENT for a placeholder of nothing */
export function argumentsOf({ manifest }: Component, { jobUuid, inputs, settings }: CheckedRequest, outFolder: string): string[] {
  const flags = [...Object.entries(inputs), ...Object.entries(settings)].map(([name, value]) => `--${name}=${String(value)}`);
  if (manifest.args_template === undefined) return flags;
  const known: Readonly<Record<string, string | undefined>> = {
    job_uuid: jobUuid,
    out: outFolder,
    ...Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`input.${name}`, value])),
    ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [`tunable.${name}`, String(value)])),
  };
  return manifest.args_template.flatMap((argument) => {
    if (argument === '{param_flags}') return Object.entries(settings).map(([name, value]) => `--${name}=${String(value)}`);
    return [argument.replace(/\{([A-Za-z0-9_.-]+)\}/g, (whole, name: string) => {
      const value = known[name];
      if (value === undefined) throw new RigError('E_COMPONENT', `${keyOf(manifest)}: args_template: ${whole} stands for nothing`, { context: { component: keyOf(manifest) } });
      return value;
    })];
  });
}

export const isPath = ({ type }: Pick<Port, 'type'>): boolean => type === 'dir' || type === 'path' || type.startsWith('path:');

/** Of a value that is no path; null when it is of its type. */
export function valueProblem({ type }: Pick<Port, 'type'>, value: string): string | null {
  if (value.includes('\0')) return 'it must not have a zero byte';
  if (type === 'int' && !/^[+-]?\d{1,15}$/.test(value)) return `it must be a whole number (it is ${value})`;
  if (type === 'float' && (value.trim() === '' || !Number.isFinite(Number(value)))) return `it must be a number (it is ${value})`;
  if (type === 'bool' && value !== 'true' && value !== 'false') return `it must be true or false (it is ${value})`;
  if (type === 'uri' && !URL.canParse(value)) return `it must be a URI (it is ${value})`;
  if (type === 'string:uuid' && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)) return `it must be a UUID (it is ${value})`;
  return null;
}

async function inputProblem(port: Port, value: string): Promise<string | null> {
  if (!isPath(port)) return valueProblem(port, value);
  const found = await stat(value).catch(() => null);
  if (found === null) return `there is no ${value}`;
  if (port.type === 'dir') return found.isDirectory() ? null : `${value} is no folder`;
  return found.isFile() ? null : `${value} is no file`;
}

function unknownNames(given: readonly string[], known: readonly { readonly name: string }[], error: (name: string) => RigError): void {
  for (const name of given) if (!known.some((one) => one.name === name)) throw error(name);
}
