/** Who is there: coordinators and workers leave a word in Redis every few seconds, and see from the others' why nothing gets on. */
import { randomUUID } from 'node:crypto';
import os from 'node:os';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { PRESENCE_TTL_MS } from './contract.ts';

const memberSchema = z.object({ id: z.string().max(64), role: z.enum(['hunt', 'worker']), host: z.string().max(256), pid: z.int(), contract: z.string().max(256), concurrency: z.int() });
export type Member = z.infer<typeof memberSchema>;

export function member(role: Member['role'], contract: string, concurrency = 0): Member {
  return { id: randomUUID(), role, host: os.hostname(), pid: process.pid, contract, concurrency };
}

/** By the clock of Redis: hosts need not agree on the time. */
const BEAT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZRANGE', KEYS[1], 0, 999)`;

/** Says that `self` is there. @returns all who are, `self` among them */
export async function beat(redis: Redis, key: string, self: Member): Promise<Member[]> {
  const members = (await redis.eval(BEAT, 1, key, JSON.stringify(self), PRESENCE_TTL_MS)) as string[];
  return members.flatMap((text) => {
    try {
      return [memberSchema.parse(JSON.parse(text))];
    } catch {
      return [];
    }
  });
}

export async function leave(redis: Redis, key: string, self: Member): Promise<void> {
  await redis.zrem(key, JSON.stringify(self));
}
