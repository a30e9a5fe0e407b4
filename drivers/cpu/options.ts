import { z } from 'zod';
import type { Capability } from '../contract.ts';

export const CPU_ID = 'cpu';
export const CPU_TITLE = 'CPU of this machine';
export const CPU_CAPABILITIES: readonly Capability[] = ['pause', 'restart', 'set_threads', 'set_limit_percent'];

export const cpuOptions = z.strictObject({
  kernel: z
    .enum(['auto', 'native', 'hybrid', 'hybrid-44', 'hybrid-46', 'hybrid-50', 'hybrid-64', 'avx512', 'shani', 'shani-avx512', 'avx2', 'sse2', 'armv8-sha2', 'neon', 'scalar', 'wasm', 'wasm-simd', 'js'])
    .default('auto')
    .describe('Hash kernel; auto = the fastest as measured here, one for plain jobs and one for jobs with rolled versions.'),
  threads: z
    .union([z.int().min(1).max(1024), z.string().regex(/^(100|[1-9][0-9]?)%$/, 'use a number, or 1% to 100%')])
    .describe('Threads that hash, or a share of the processors such as "50%". Default: all processors but one.')
    .optional(),
  affinity: z.array(z.int().min(0).max(1023)).max(1024).default([]).describe('CPU numbers the threads are bound to in turn. Empty = not bound. Native kernels on Linux.'),
  nice: z.int().min(0).max(19).default(19).describe('Nice value of the hashing threads: 19 lets everything else on the machine go first, at once.'),
  limit_percent: z.int().min(1).max(100).default(100).describe('Share of the time that is hashed.'),
  max_temp_c: z.number().min(30).max(110).describe('Pause at this CPU temperature, resume 5 degrees below. Default: no limit of our own.').optional(),
  pause_on_battery: z.boolean().default(true).describe('Pause while the machine runs on battery.'),
});

export type CpuOptions = z.output<typeof cpuOptions>;
