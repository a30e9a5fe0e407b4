/** A value that components read and are told of when it changes. */
import { useLayoutEffect, useState } from 'preact/hooks';

export class Store<T> {
  #value: T;
  readonly #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) listener();
  }

  update(change: (value: T) => T): void {
    this.set(change(this.#value));
  }

  /** @returns a function that ends the subscription */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

/** The component is drawn again when what `select` takes of the store is another. */
export function useStore<T, U>(store: Store<T>, select: (value: T) => U): U {
  const [, redraw] = useState(0);
  const selected = select(store.value);
  useLayoutEffect(() => {
    let last = select(store.value);
    const look = (): void => {
      const next = select(store.value);
      if (Object.is(next, last)) return;
      last = next;
      redraw((n) => n + 1);
    };
    // It may have changed between drawing and now.
    if (!Object.is(last, selected)) redraw((n) => n + 1);
    return store.subscribe(look);
  }, [store]);
  return selected;
}
