/** What a pseudo terminal is here, however it is made. */

/** Speed of a tty whose user sets none: that of chips after a reset. */
export const PTY_BAUD = 115_200;

export interface Pty {
  /** /dev/pts/N. */
  readonly path: string;
  /** Sends bytes to whoever has the tty open. What a reader that does not read leaves no room for is lost, as on a wire. */
  write(bytes: Uint8Array): void;
  /** Takes the tty away. Idempotent. */
  close(): Promise<void>;
}

export interface PtyEvents {
  readonly onData: (bytes: Uint8Array) => void;
  /** It went away, and not by `close`. */
  readonly onLost: () => void;
  /** The speed its user has set, when it changes; null = it cannot be told. Left out: nobody wants to know. */
  readonly onSpeed?: ((baud: number | null) => void) | undefined;
}
