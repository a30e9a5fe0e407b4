import { count } from '../format/numbers.ts';

interface PagerProps {
  readonly offset: number;
  readonly shown: number;
  readonly total: number;
  readonly page: number;
  readonly onGo: (offset: number) => void;
}

export function Pager({ offset, shown, total, page, onGo }: PagerProps) {
  if (total <= page && offset === 0) return null;
  return (
    <nav class="pager" aria-label="Pages of the table">
      <button class="button" type="button" disabled={offset === 0} onClick={() => onGo(Math.max(0, offset - page))}>
        Before
      </button>
      <span class="quiet" aria-live="polite">
        {count(offset + 1)} to {count(offset + shown)} of {count(total)}
      </span>
      <button class="button" type="button" disabled={offset + shown >= total} onClick={() => onGo(offset + page)}>
        Next
      </button>
    </nav>
  );
}
