import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../daemon/version.ts';

/** Which rooms a room may import from, besides itself, node built-ins and packages. The same table is in ARCHITECTURE.md. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  protocol: [],
  kernels: ['protocol'],
  drivers: ['protocol', 'kernels'],
  config: ['protocol', 'drivers', 'kernels'],
  sim: ['protocol', 'kernels'],
  bench: ['protocol', 'kernels', 'drivers'],
  daemon: ['protocol', 'kernels', 'drivers', 'config', 'sim', 'bench'],
};

/** protocol/ is bytes and meaning: no files, sockets, processes, threads, clocks or loggers. */
const FORBIDDEN_IN_PROTOCOL = /^(node:)?(fs|net|tls|http|https|dgram|child_process|worker_threads|timers|os)(\/|$)|^pino$/;
/** Code the simulators check the miner with must not be the miner's. */
const MINERS_ARITHMETIC = /protocol\/(bitcoin|stratum-v1|gbt|bm13xx|icarus|gekko|bitaxe-raw|pmbus|board-chips)\//;

const root = packageRoot();

function sourcesOf(room: string): string[] {
  return readdirSync(path.join(root, room), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !name.endsWith('.test.ts') && !name.endsWith('.fixture.ts') && !name.includes(`assembly${path.sep}`))
    .map((name) => path.join(room, name));
}

function importsOf(file: string): string[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!);
}

test.each(Object.keys(MAY_IMPORT))('%s imports only from the rooms below it', (room) => {
  const allowed = new Set([room, ...MAY_IMPORT[room]!]);
  const wrong: string[] = [];
  for (const file of sourcesOf(room)) {
    for (const name of importsOf(file)) {
      if (!name.startsWith('.')) continue;
      const target = path.relative(root, path.resolve(root, path.dirname(file), name)).split(path.sep)[0]!;
      if (!allowed.has(target)) wrong.push(`${file} imports ${name}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('protocol does no input or output and has no logger', () => {
  const wrong = sourcesOf('protocol').flatMap((file) => importsOf(file).filter((name) => FORBIDDEN_IN_PROTOCOL.test(name)).map((name) => `${file} imports ${name}`));
  expect(wrong).toEqual([]);
});

test('the simulators share no arithmetic with the miner they check', () => {
  const wrong = sourcesOf('sim').flatMap((file) => importsOf(file).filter((name) => MINERS_ARITHMETIC.test(name)).map((name) => `${file} imports ${name}`));
  expect(wrong).toEqual([]);
});

/** The page is for browsers: of the daemon it knows words, not code, and of packages those that draw. */
test('the page imports its own files, two packages, and types of what the hub answers', () => {
  const wrong: string[] = [];
  for (const file of sourcesOf('web')) {
    const text = readFileSync(path.join(root, file), 'utf8');
    for (const [statement, name] of text.matchAll(/^(?:import|export)\b(?:[^;']*?\bfrom)?\s*'([^']+)';/gm)) {
      if (/^(preact|uplot)(\/|$)/.test(name!)) continue;
      const target = path.relative(root, path.resolve(root, path.dirname(file), name!));
      const isOwn = name!.startsWith('.') && target.startsWith(`web${path.sep}`);
      const isWord = target === path.join('daemon', 'hub', 'api-types.ts') && /^import type /.test(statement);
      if (!isOwn && !isWord) wrong.push(`${file} imports ${name}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('no source file is longer than 600 lines', () => {
  const long = [...Object.keys(MAY_IMPORT), 'web']
    .flatMap(sourcesOf)
    .map((file) => ({ file, lines: readFileSync(path.join(root, file), 'utf8').split('\n').length }))
    .filter(({ lines }) => lines > 600);
  expect(long).toEqual([]);
});
