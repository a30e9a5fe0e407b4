import type { ComponentChildren } from 'preact';

export interface Column<T> {
  readonly title: string;
  readonly cell: (row: T) => ComponentChildren;
  /** Right-aligned figures. */
  readonly numeric?: boolean;
  /** Names the row for who cannot see the table: one column. */
  readonly head?: boolean;
}

interface TableProps<T> {
  readonly caption: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  readonly empty: string;
  readonly rowClass?: (row: T) => string;
  /** As cards, several short cells stand beside each other. */
  readonly isCompact?: boolean;
}

/** A table that becomes a list of cards where it has no room. The roles keep it a table for screen readers there, too. */
export function Table<T>({ caption, columns, rows, keyOf, empty, rowClass, isCompact = false }: TableProps<T>) {
  if (rows.length === 0) return <p class="quiet">{empty}</p>;
  return (
    <div class={isCompact ? 'table-room compact' : 'table-room'}>
      <table role="table">
        <caption class="unseen">{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(({ title, numeric }) => (
              <th key={title} role="columnheader" scope="col" class={numeric ? 'numeric' : undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr key={keyOf(row)} role="row" class={rowClass?.(row)}>
              {columns.map(({ title, cell, numeric, head }) =>
                head ? (
                  <th key={title} role="rowheader" scope="row" data-label={title}>
                    {cell(row)}
                  </th>
                ) : (
                  <td key={title} role="cell" data-label={title} class={numeric ? 'numeric' : undefined}>
                    <div>{cell(row)}</div>
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
