/** Every number the Stratum V1 server holds miners to, in one place. Sizes in bytes, times in milliseconds. */
export const SERVER_LIMITS = {
  /** Longest line that is read; a longer one is answered with an error. */
  lineBytes: 8 * 1024,
  /** A line that grows beyond this ends the connection. */
  closeLineBytes: 16 * 1024,
  /** Lines of one connection that are no requests before it is ended. */
  badLines: 10,
  /** Lines of one connection that are read in a second; the rest waits, in the end in the miner. A rig of hundreds behind one proxy sends a few hundred. */
  linesPerSecond: 4096,
  /** Passwords of one connection that are wrong before it is ended. */
  wrongPasswords: 10,
  /** Worker names that one connection may authorize. */
  workersPerConnection: 64,
  workerNameChars: 128,
  userAgentChars: 128,
  /** Seconds that a miner may advance the time of a job (ckpool's rule). */
  ntimeAheadS: 7000,
  /** Accepted shares of one miner that are remembered to know a repeated one. */
  sharesRemembered: 16_384,
  /** Changes of difficulty that are remembered for jobs sent before them. */
  difficultiesRemembered: 8,
  /** How long a job is known, as long as its block is the newest. */
  jobKeptMs: 600_000,
  /** Names of jobs of one source that are known. */
  jobsKept: 1024,
  /** Jobs behind these names, each of which may weigh half a megabyte; a session with a pool takes shares for the last 32. */
  contentsKept: 64,
} as const;
