/**
 * Ports that this process is giving back. Closing takes a thread of the pool, and on a busy machine its time: to who opens one
 * of them meanwhile the system would say that somebody holds it.
 */
const givenBack = new Map<string, Promise<unknown>>();

/** Resolves when nothing of this process holds the port any more. Never rejects. */
export async function whenGivenBack(port: string): Promise<void> {
  await givenBack.get(port);
}

/** @param closing ends when the port is closed, or cannot be. @returns the same, which never rejects */
export function noteGivenBack(port: string, closing: Promise<unknown>): Promise<void> {
  const done = closing.then(() => {}, () => {});
  const all: Promise<unknown> = Promise.all([givenBack.get(port), done]).then(() => {
    if (givenBack.get(port) === all) givenBack.delete(port);
  });
  givenBack.set(port, all);
  return done;
}
