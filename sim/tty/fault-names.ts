/** Faults by name, as `--fault` and `--control` take them: a table per kind of simulated device. */
import { RigError } from '../../protocol/common/errors.ts';
import type { Disappearance } from './plug.ts';

export interface FaultName<F> {
  readonly usage: string;
  readonly help: string;
  /** Null when the value cannot be used. */
  readonly parse: (value: string | null) => Partial<F> | null;
}

export interface FaultTable<F> {
  readonly names: Readonly<Record<string, FaultName<F>>>;
  /** Reads one fault, `NAME` or `NAME=VALUE`. @throws RigError E_FLAG_INVALID with the names there are */
  parse(text: string): Partial<F>;
  /** What switches a fault off again. @throws RigError E_FLAG_INVALID with the names there are */
  cleared(name: string): Partial<F>;
}

export function faultTable<F extends object>(names: Readonly<Record<string, FaultName<F>>>, none: () => F): FaultTable<F> {
  const known = (name: string): FaultName<F> => {
    const fault = Object.hasOwn(names, name) ? names[name] : undefined;
    if (!fault) throw new RigError('E_FLAG_INVALID', `no fault is called "${name}"`, { hint: `Use one of: ${Object.keys(names).join(', ')}.` });
    return fault;
  };
  return {
    names,
    parse(text) {
      const cut = text.indexOf('=');
      const { parse, usage } = known(cut < 0 ? text : text.slice(0, cut));
      const fault = parse(cut < 0 ? null : text.slice(cut + 1));
      if (!fault) throw new RigError('E_FLAG_INVALID', `fault "${text}" cannot be used`, { hint: `Write ${usage}.` });
      return fault;
    },
    cleared(name) {
      const keys = Object.keys(known(name).parse(null) ?? {}) as (keyof F)[];
      const clean = none();
      return Object.fromEntries(keys.map((key) => [key, clean[key]])) as Partial<F>;
    },
  };
}

/** A fault that is there or not. */
export const flag =
  <F>(fault: Partial<F>) =>
  (value: string | null): Partial<F> | null =>
    value === null ? fault : null;

/** A fault with a whole number, `least` or more. */
export const every =
  <F>(make: (value: number) => Partial<F>, fallback: number, least: number) =>
  (text: string | null): Partial<F> | null => {
    const value = text === null ? fallback : Number(text);
    return /^\d{1,6}$/.test(text ?? '0') && value >= least ? make(value) : null;
  };

/** `AFTER[:FOR]` in seconds. */
export function parseDisappear(text: string | null): { disappear: Disappearance } | null {
  const match = /^(\d{1,5}(?:\.\d{1,3})?)(?::(\d{1,5}(?:\.\d{1,3})?))?$/.exec(text ?? '10:3');
  return match ? { disappear: { after_s: Number(match[1]), for_s: Number(match[2] ?? 3) } } : null;
}

/** Whether the `count`th of something is a faulty one. */
export function turn(everyNth: number | null, count: number): boolean {
  return everyNth !== null && count % everyNth === 0;
}

/** xorshift32: the same run gives the same noise. */
export class Noise {
  #state = 0x9e3779b9;

  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return x >>> 8;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.next() & 0xff);
  }
}
