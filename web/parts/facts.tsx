import type { ComponentChildren } from 'preact';

export interface Fact {
  readonly name: string;
  readonly value: ComponentChildren;
  /** In smaller words below it. */
  readonly note?: ComponentChildren;
  readonly tone?: Tone;
}

export type Tone = 'plain' | 'good' | 'warn' | 'bad';

/** Names with values, as many beside each other as there is room for. */
export function Facts({ facts, class: name = '' }: { readonly facts: readonly Fact[]; readonly class?: string }) {
  return (
    <dl class={`facts ${name}`}>
      {facts.map(({ name: label, value, note, tone = 'plain' }) => (
        <div key={label} class={`fact tone-${tone}`}>
          <dt>{label}</dt>
          <dd>
            <span class="fact-value">{value}</span>
            {note !== undefined && note !== null && note !== '' && <span class="fact-note">{note}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** A state in one word; the colour only repeats what the word says. */
export function Badge({ tone = 'plain', children }: { readonly tone?: Tone; readonly children: ComponentChildren }) {
  return <span class={`badge tone-${tone}`}>{children}</span>;
}
