/** Merges sequences that are each in order; of equal ones the earlier sequence's comes first. */
export function* mergeByOrder<T extends { readonly order: number }>(sources: readonly Iterable<T>[]): Iterable<T> {
  const heads = sources.map((source) => {
    const items = source[Symbol.iterator]();
    return { items, next: items.next() };
  });
  for (;;) {
    let least: (typeof heads)[number] | null = null;
    for (const head of heads) if (!head.next.done && (least === null || head.next.value.order < (least.next.value as T).order)) least = head;
    if (least === null) return;
    yield least.next.value as T;
    least.next = least.items.next();
  }
}

/** Sorts in place; costs one look at each item when they are in order, as they nearly always are. */
export function sortByOrder(items: { readonly order: number }[]): void {
  if (items.some(({ order }, index) => order < (items[index - 1]?.order ?? -Infinity))) items.sort((a, b) => a.order - b.order);
}
