import { useState } from 'preact/hooks';
import { api, wordsOf } from '../api/client.ts';
import { plural } from '../format/numbers.ts';
import { addressOf } from '../live/route.ts';
import { MAIN_FIELDS, requestOf, SEED_FIELDS, SIMULATION_CHOICES, SIMULATION_FIELDS, suggestedRows, type BoundsRow, type ChoiceField, type NumberField, type StartForm as Form } from './start-request.ts';

export function StartForm({ isBusy, isOpen }: { readonly isBusy: boolean; readonly isOpen: boolean }) {
  const [form, setForm] = useState<Form>({ values: {}, bounds: null });
  const [problem, setProblem] = useState<string | null>(null);
  const [isStarting, setStarting] = useState(false);
  const set = (name: string, value: string): void => setForm((now) => ({ ...now, values: { ...now.values, [name]: value } }));
  const input = (field: NumberField) => <NumberInput key={field.name} field={field} value={form.values[field.name] ?? ''} onInput={(value) => set(field.name, value)} />;

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const read = requestOf(form);
    setProblem(read.problem);
    if (read.request === null) return;
    setStarting(true);
    try {
      await api.startHunt(read.request);
      // What runs now is what a person wants to see, whichever hunt was looked at.
      location.hash = addressOf('hunt');
    } catch (error) {
      setProblem(wordsOf(error));
    }
    setStarting(false);
  };

  return (
    <details class="panel start" open={isOpen}>
      <summary>
        <h2>Start a hunt</h2>
      </summary>
      <form onSubmit={submit} noValidate>
        <p class="quiet">An evolutionary search for parameters of the coupled field and geometry. What is left empty is as configured on the rig.</p>
        <div class="fields">{MAIN_FIELDS.map(input)}</div>
        <details>
          <summary>Seed and simulation</summary>
          <div class="fields">
            {SEED_FIELDS.map(input)}
            {SIMULATION_CHOICES.map((field) => (
              <ChoiceInput key={field.name} field={field} value={form.values[field.name] ?? ''} onInput={(value) => set(field.name, value)} />
            ))}
            {SIMULATION_FIELDS.map(input)}
          </div>
        </details>
        <details>
          <summary>Bounds of the search</summary>
          <label class="check">
            <input type="checkbox" checked={form.bounds !== null} onChange={(event) => setForm({ ...form, bounds: event.currentTarget.checked ? suggestedRows() : null })} />
            <span>Search other bounds than the configured ones</span>
          </label>
          {form.bounds !== null && <BoundsTable rows={form.bounds} onChange={(bounds) => setForm({ ...form, bounds })} />}
        </details>
        {problem !== null && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <p class="start-end">
          <button class="button primary" type="submit" disabled={isBusy || isStarting}>
            {isStarting ? 'Starting…' : 'Start the hunt'}
          </button>
          <span class="quiet">{isBusy ? 'One hunt at a time: stop the one that runs, or wait for its end.' : jobsOf(form)}</span>
        </p>
      </form>
    </details>
  );
}

/** What it will take, when both numbers are given. */
function jobsOf({ values }: Form): string {
  const jobs = Number(values.num_generations) * Number(values.population_size);
  return Number.isInteger(jobs) && jobs > 0 ? `${plural(jobs, 'run')}, and those on fresh seeds` : '';
}

function NumberInput({ field: { name, label, note, whole }, value, onInput }: { readonly field: NumberField; readonly value: string; readonly onInput: (value: string) => void }) {
  return (
    <label class="field">
      <span>{label}</span>
      <input name={name} inputMode={whole ? 'numeric' : 'decimal'} autocomplete="off" placeholder="as configured" value={value} onInput={(event) => onInput(event.currentTarget.value)} />
      <small>{note}</small>
    </label>
  );
}

function ChoiceInput({ field: { name, label, choices }, value, onInput }: { readonly field: ChoiceField; readonly value: string; readonly onInput: (value: string) => void }) {
  return (
    <label class="field">
      <span>{label}</span>
      <select name={name} value={value} onChange={(event) => onInput(event.currentTarget.value)}>
        <option value="">as configured</option>
        {choices.map(([key, words]) => (
          <option key={key} value={key}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

function BoundsTable({ rows, onChange }: { readonly rows: readonly BoundsRow[]; readonly onChange: (rows: readonly BoundsRow[]) => void }) {
  const change = (name: string, with_: Partial<BoundsRow>): void => onChange(rows.map((row) => (row.name === name ? { ...row, ...with_ } : row)));
  return (
    <div class="bounds" role="group" aria-label="Bounds of the search">
      {rows.map(({ name, searched, min, max, scale }) => (
        <div key={name} class="bounds-row" role="group" aria-label={name}>
          <label class="check">
            <input type="checkbox" checked={searched} onChange={(event) => change(name, { searched: event.currentTarget.checked })} />
            <code>{name}</code>
          </label>
          <input aria-label={`${name}, least`} inputMode="decimal" disabled={!searched} value={min} onInput={(event) => change(name, { min: event.currentTarget.value })} />
          <input aria-label={`${name}, greatest`} inputMode="decimal" disabled={!searched} value={max} onInput={(event) => change(name, { max: event.currentTarget.value })} />
          <select aria-label={`${name}, scale`} disabled={!searched} value={scale} onChange={(event) => change(name, { scale: event.currentTarget.value === 'log' ? 'log' : 'linear' })}>
            <option value="linear">linear</option>
            <option value="log">log</option>
          </select>
        </div>
      ))}
    </div>
  );
}
