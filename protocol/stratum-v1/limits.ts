/** Every number the Stratum V1 client holds a peer or itself to, in one place. Sizes in bytes, times in milliseconds. */
export const LIMITS = {
  /** ckpool drops client lines above 1024 bytes. */
  outgoingLineBytes: 1000,
  /** Coinbases with many payouts make lines of tens of KiB; beyond this a person should know. */
  incomingLineWarnBytes: 256 * 1024,
  /** Beyond this the connection is dropped. */
  incomingLineBytes: 1024 * 1024,
  /** 2^32 transactions. */
  merkleBranchEntries: 32,
  /** coinb1 + coinb2. */
  coinbaseBytes: 256 * 1024,
  extranonceBytes: 32,
  /** extranonce1 + extranonce2; a coinbase script has room for 100 bytes in all. */
  extranonceTotalBytes: 64,
  jobIdChars: 256,
  sessionIdChars: 256,
  /** Jobs of a session that shares are still taken for. */
  jobsKept: 32,
  pendingSubmits: 64,
  /** The same when the share is a block. */
  pendingBlocks: 128,
  /** So many submits without an answer end the session. */
  unansweredSubmits: 10,
  /** So many shares in a row refused as nobody's end the session: the pool has forgotten who we are. */
  unauthorizedShares: 3,
  /** Characters of any text of the pool that is shown or logged. */
  textChars: 500,
  /** So many lines that are not Stratum within `garbageWindowMs` end the session. */
  garbageLines: 20,
  /** Longest pause a pool may order before a reconnect, in seconds. */
  reconnectWaitS: 600,
} as const;

export interface Deadlines {
  readonly subscribeMs: number;
  readonly authorizeMs: number;
  /** From the authorisation to the first job, and from an unreadable job to a readable one. */
  readonly firstJobMs: number;
  /** Longest time without a complete line. */
  readonly silenceMs: number;
  readonly silenceWarnMs: number;
  /** Longest time a submitted share may stay unanswered. */
  readonly submitMs: number;
  readonly garbageWindowMs: number;
}

export const DEADLINES: Deadlines = {
  subscribeMs: 15_000,
  authorizeMs: 30_000,
  firstJobMs: 60_000,
  silenceMs: 180_000,
  silenceWarnMs: 90_000,
  submitMs: 60_000,
  garbageWindowMs: 60_000,
};
