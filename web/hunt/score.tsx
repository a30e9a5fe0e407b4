import { significant } from '../format/numbers.ts';
import { pText, pWord, SIGNIFICANT } from './score-words.ts';

/** A score and, never apart from it, how often scrambled fields do as well. */
export function Score({ sse, p }: { readonly sse: number | null; readonly p: number | null }) {
  const isRare = p !== null && p <= SIGNIFICANT;
  return (
    <span class="score">
      <span class="score-value">{significant(sse, 4)}</span>{' '}
      {sse !== null && (
        <span class={isRare ? 'p p-rare' : 'p'} title={`p-value: ${pWord(p)}. The part of scrambled fields that score at least as well.`}>
          {pText(p)}
        </span>
      )}
    </span>
  );
}
