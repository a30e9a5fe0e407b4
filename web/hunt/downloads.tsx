import { api } from '../api/client.ts';
import { Panel } from '../parts/panel.tsx';

const WORDS: Readonly<Record<string, string>> = {
  'simulation_ledger.csv': 'every job, a line each',
  'golden.json': 'the golden parameters',
  'journal.jsonl': 'the hunt as it happened, step by step',
};

export function Downloads({ huntId, files }: { readonly huntId: string; readonly files: readonly string[] }) {
  return (
    <Panel title="Files">
      {files.length === 0 ? (
        <p class="quiet">None yet.</p>
      ) : (
        <ul class="files">
          {files.map((file) => (
            <li key={file}>
              <a href={api.fileUrl(huntId, file)} download>
                {file}
              </a>{' '}
              <span class="quiet">{WORDS[file] ?? ''}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
