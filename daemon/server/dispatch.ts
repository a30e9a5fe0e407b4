/** Which miner works for which source: every source's jobs, the seats in their search space, and who has to move when. */
import { randomBytes } from 'node:crypto';
import { BIP320_MASK } from '../../protocol/bitcoin/version-rolling.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import { messageOf } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import { SERVER_LIMITS } from '../../protocol/stratum-v1/server/limits.ts';
import { MIN_SHARED_SIZE, PrefixBook, seatShapes, type Prefix, type SeatShape } from '../../protocol/stratum-v1/server/seats.ts';
import { makeSeat, type Issue, type Seat } from '../../protocol/stratum-v1/server/served-job.ts';
import type { SeenShares } from '../../protocol/stratum-v1/server/share-check.ts';
import { sanitizeText } from '../../protocol/stratum-v1/text.ts';
import type { Job, JobSource } from '../mining/job.ts';
import { Feed, IssueNumbers } from './feed.ts';
import type { Miner } from './miner.ts';
import { OwnSource } from './own-source.ts';

/** A job goes out at least so often: cgminer gives a pool up after 90 s of silence. */
const RENEW_MS = 30_000;
/** How long work of a source that is gone is kept up, and miners that could only move by a reconnect are left in peace. */
export const LOST_FOR_MS = 60_000;
/** Time to connect anew before the connection is closed. */
const RECONNECT_MS = 1_000;
/** Shape of a seat that is taken before any source has had work. */
const USUAL_ROOM = 8;

export interface DispatchOptions {
  /** Version bits we let miners roll. */
  readonly policyMask: number;
  /** Id of the source this rig mines for; null = none has work. */
  readonly activeSource: () => string | null;
  /** Another connection to a pool, for one miner alone; null = there can be none. */
  readonly ownSource: (poolId: string) => JobSource | null;
  /** Why a job may not be mined; null = it may. */
  readonly inspect: (job: Job) => string | null;
  readonly clock: Clock;
  readonly log: Log;
}

/** Connections to pools for single miners. */
const OWN_SOURCES = 64;
const WHOLE = new Uint8Array(0);

export class Dispatch {
  readonly #options: DispatchOptions;
  readonly #feeds = new Map<string, Feed>();
  /** Feeds of miners with a connection of their own. */
  readonly #ownFeeds = new Set<Feed>();
  readonly #closing = new Set<Promise<void>>();
  /** Shares that were found in a place, until somebody else gets it: who comes back to it cannot bring them again. */
  readonly #seen = new WeakMap<Prefix, SeenShares>();
  /** Ready, and no source had work for them yet. */
  readonly #waiting = new Set<Miner>();
  readonly #numbers = new IssueNumbers(randomBytes(3).readUIntBE(0, 3));
  // Until a prefix is given out again, every job its miner had is forgotten.
  readonly #prefixes = new PrefixBook({ quarantineMs: SERVER_LIMITS.jobKeptMs + LOST_FOR_MS, start: randomBytes(2).readUInt16BE(), sessionId: () => randomBytes(8).toString('hex') });

  constructor(options: DispatchOptions) {
    this.#options = options;
  }

  /** The feed of the source this rig mines for, when it has work. */
  #active(): Feed | null {
    const id = this.#options.activeSource();
    const feed = id === null ? undefined : this.#feeds.get(id);
    return feed?.hasWork ? feed : null;
  }

  /** Version bits that can be rolled now; what is usual while no source has said. */
  get versionMask(): number {
    const feed = this.#active() ?? [...this.#feeds.values()].find(({ current }) => current !== null);
    return feed?.current?.served.versionMask ?? (BIP320_MASK & this.#options.policyMask) >>> 0;
  }

  takeJob(job: Job, now: number): void {
    let feed = this.#feeds.get(job.sourceId);
    if (feed === undefined) this.#feeds.set(job.sourceId, (feed = new Feed(job.sourceId, this.#numbers, this.#options.policyMask)));
    const clean = feed.take(job, now);
    // After everybody who hears of this job in the same breath: the rig's own devices do not wait for a thousand sockets.
    const served = feed;
    queueMicrotask(() => this.#serve(served, clean, now));
  }

  #serve(feed: Feed, clean: boolean, now: number): void {
    for (const miner of feed.miners) {
      // It may have been moved here meanwhile.
      if (feed.current === null || miner.issue === feed.current) continue;
      if (miner.fits(feed.current.served.job)) this.#send(miner, feed, clean, now);
      else this.place(miner, now);
    }
    for (const miner of this.#waiting) this.place(miner, now);
  }

  lose(sourceId: string, now: number): void {
    this.#feeds.get(sourceId)?.lose(now);
  }

  /** The rig mines for another source: so do the miners, as far as they can be told. */
  follow(miners: Iterable<Miner>, now: number): void {
    for (const miner of miners) this.place(miner, now);
  }

  /** A place to search for a miner that subscribes, or why there is none. */
  takeSeat(miner: Miner, sessionId: string | null, now: number): Seat | { readonly reason: string } {
    const feed = this.#active() ?? [...this.#feeds.values()].find(({ current }) => current !== null);
    const room = this.#room(feed);
    if (feed !== undefined && room < MIN_SHARED_SIZE) return this.#openOwn(miner, feed.sourceId, room);
    // Best is a seat in which the miner can also work for the other sources; but not at the price of a very small one.
    const least = Math.min(room, ...[...this.#feeds.values()].filter(({ hasWork }) => hasWork).map((feed) => this.#room(feed)));
    const shapes = [...seatShapes(least).filter(({ extranonce2Size }) => extranonce2Size > 2), ...seatShapes(room)];
    return this.#seatIn(miner, shapes, sessionId, now) ?? { reason: 'Too many miners' };
  }

  #room(feed: Feed | undefined): number {
    return feed?.current?.served.job.extranonce2Size ?? USUAL_ROOM;
  }

  #seatIn(miner: Miner, shapes: readonly SeatShape[], sessionId: string | null, now: number): Seat | null {
    for (const { prefixBytes, extranonce2Size } of shapes) {
      const prefix = (sessionId === null ? null : this.#prefixes.resume(sessionId, prefixBytes, now)) ?? this.#prefixes.take(prefixBytes, now);
      if (prefix === null) continue;
      this.#leave(miner, now);
      miner.prefix = prefix;
      miner.seen = this.#seen.get(prefix) ?? miner.seen;
      return makeSeat(prefix.bytes, extranonce2Size, prefix.sessionId);
    }
    return null;
  }

  #openOwn(miner: Miner, sourceId: string, room: number): Seat | { readonly reason: string } {
    const reason = 'The pool leaves no room for another miner';
    const { clock, log } = this.#options;
    if (this.#ownFeeds.size >= OWN_SOURCES) return { reason };
    let source: JobSource | null = null;
    try {
      source = this.#options.ownSource(sourceId);
    } catch (error) {
      log.warn({ pool: sourceId, err: messageOf(error) }, 'no connection of its own for a miner');
    }
    if (source === null) return { reason };
    const feed = new Feed(sourceId, this.#numbers, this.#options.policyMask);
    const onLost = (): void => feed.lose(clock.monotonic());
    const onJob = (job: Job): void => {
      if (this.#options.inspect(job) !== null) return onLost();
      const now = clock.monotonic();
      const clean = feed.take(job, now);
      if (miner.isReady) this.#serveOwn(miner, feed, clean, now);
    };
    miner.own = new OwnSource(source, { onJob, onLost }, log);
    miner.feed = feed;
    feed.miners.add(miner);
    this.#ownFeeds.add(feed);
    return makeSeat(WHOLE, room, randomBytes(8).toString('hex'));
  }

  #closeOwn(miner: Miner): void {
    if (miner.own === null) return;
    const closed = miner.own.close().finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
    if (miner.feed !== null) this.#ownFeeds.delete(miner.feed);
    miner.feed?.miners.delete(miner);
    miner.feed = null;
    miner.own = null;
  }

  /** Resolves when no connection of a miner that is gone is open any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#closing);
  }

  #serveOwn(miner: Miner, feed: Feed, clean: boolean, now: number): void {
    if (feed.current === null || miner.closeAt !== null) return;
    const { job } = feed.current.served;
    if (!miner.fits(job)) {
      if (!miner.takesExtranonce) return this.#reconnect(miner, feed, now);
      miner.moveTo(makeSeat(WHOLE, job.extranonce2Size, randomBytes(8).toString('hex')));
    }
    this.#send(miner, feed, clean, now);
  }

  /** A miner with a connection of its own keeps to it, unless that has no work and the rig's has. */
  #placeOwn(miner: Miner, own: Feed, now: number): void {
    const active = this.#active();
    const elsewhere = active !== null && active.sourceId !== own.sourceId && this.#room(active) >= MIN_SHARED_SIZE;
    if (own.hasWork || !elsewhere) {
      if (own.current !== null && miner.issue !== own.current) this.#serveOwn(miner, own, true, now);
      return;
    }
    const seat = miner.takesExtranonce ? this.#seatIn(miner, seatShapes(this.#room(active)), null, now) : null;
    if (seat !== null) {
      this.#closeOwn(miner);
      miner.moveTo(seat);
      return this.#move(miner, active, now);
    }
    if (now - (own.lostAt ?? miner.connectedAt) >= LOST_FOR_MS) this.#reconnect(miner, active, now);
  }

  #reconnect(miner: Miner, feed: Feed, now: number): void {
    this.#options.log.info({ miner: miner.address, worker: sanitizeText(miner.workers[0] ?? ''), pool: feed.sourceId }, 'a miner has to connect anew to get work of this pool');
    miner.askToReconnect();
    miner.closeAt = now + RECONNECT_MS;
  }

  #leave(miner: Miner, now: number): void {
    if (miner.prefix === null) return;
    this.#prefixes.leave(miner.prefix, now, miner.lastShareAt !== null || miner.seen.size > 0);
    this.#seen.set(miner.prefix, miner.seen);
    miner.prefix = null;
  }

  /** The miner is gone. */
  leave(miner: Miner, now: number): void {
    this.#closeOwn(miner);
    this.#waiting.delete(miner);
    miner.feed?.miners.delete(miner);
    miner.feed = null;
    this.#leave(miner, now);
  }

  find(miner: Miner, jobId: string): Issue<Job> | null {
    const own = miner.feed?.find(jobId) ?? null;
    if (own !== null || miner.own !== null) return own;
    // Of a source it worked for before.
    for (const feed of this.#feeds.values()) {
      const issue = feed.find(jobId);
      if (issue !== null) return issue;
    }
    return null;
  }

  /** Gives a miner work of the source it should work for now. */
  place(miner: Miner, now: number): void {
    if (!miner.isReady || miner.closeAt !== null) return;
    if (miner.own !== null && miner.feed !== null) {
      miner.own.start();
      return this.#placeOwn(miner, miner.feed, now);
    }
    const feed = this.#active() ?? this.#withWork(miner);
    if (feed === null || feed.current === null) {
      if (miner.feed === null) this.#waiting.add(miner);
      return;
    }
    if (miner.feed === feed && miner.issue === feed.current) return;
    const { job } = feed.current.served;
    if (miner.fits(job)) return this.#move(miner, feed, now);
    if (miner.takesExtranonce || miner.issue === null) {
      const seat = this.#seatIn(miner, seatShapes(job.extranonce2Size), null, now);
      if (seat !== null) {
        miner.moveTo(seat);
        return this.#move(miner, feed, now);
      }
    }
    const { feed: present } = miner;
    // It stays where it is while there is work, and for a while after that: its source may come back.
    if (present !== null && present !== feed && (present.lostAt === null || now - present.lostAt < LOST_FOR_MS)) return;
    this.#reconnect(miner, feed, now);
  }

  /** With no active source, e.g. between two blocks: its own, or any. */
  #withWork(miner: Miner): Feed | null {
    if (miner.feed?.hasWork) return miner.feed;
    for (const feed of this.#feeds.values()) if (feed.hasWork) return feed;
    return null;
  }

  #move(miner: Miner, feed: Feed, now: number): void {
    const from = miner.feed;
    if (from !== feed) {
      from?.miners.delete(miner);
      feed.miners.add(miner);
      miner.feed = feed;
    }
    this.#waiting.delete(miner);
    // One that comes back to a job would begin to count where it began before; with another time it is other work.
    if (feed.current !== null && now - feed.current.issuedAt >= 1000) feed.renew(now);
    this.#send(miner, feed, true, now);
  }

  #send(miner: Miner, feed: Feed, clean: boolean, now: number): void {
    if (feed.current !== null && miner.closeAt === null) miner.sendWork(feed.current, clean, now);
  }

  /** A new job for one miner, to which its new difficulty applies. */
  refresh(miner: Miner, now: number): void {
    const { feed } = miner;
    if (feed === null || feed.current === null || !miner.fits(feed.current.served.job)) return;
    // One that others need in the same second serves all of them.
    const issue = miner.issue === feed.current || now - feed.current.issuedAt >= 1000 ? feed.renew(now) : feed.current;
    if (issue !== null && miner.closeAt === null) miner.sendWork(issue, false, now);
  }

  /** To be called every second. */
  sweep(now: number): void {
    for (const feed of [...this.#feeds.values(), ...this.#ownFeeds]) {
      feed.sweep(now, LOST_FOR_MS);
      const { current, lostAt } = feed;
      if (current !== null && feed.miners.size > 0 && now - current.issuedAt >= RENEW_MS && (lostAt === null || now - lostAt < LOST_FOR_MS)) {
        feed.renew(now);
        for (const miner of feed.miners) if (miner.fits(current.served.job)) this.#send(miner, feed, false, now);
      }
      if (!feed.hasWork) for (const miner of feed.miners) this.place(miner, now);
    }
  }
}
