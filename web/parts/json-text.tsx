import { CopyButton } from './copy.tsx';

/** JSON to read, to copy and to keep as a file. */
export function JsonText({ text, name, label }: { readonly text: string; readonly name: string; readonly label: string }) {
  const download = (): void => {
    const url = URL.createObjectURL(new Blob([`${text}\n`], { type: 'application/json' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = name;
    link.click();
    // The browser reads it after the click.
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  };
  return (
    <div class="json">
      <div class="json-head">
        <span class="quiet">{label}</span>
        <span>
          <CopyButton text={text} label="Copy" />
          <button class="button plain" type="button" onClick={download}>
            Download
          </button>
        </span>
      </div>
      <pre tabIndex={0} aria-label={label}>
        {text}
      </pre>
    </div>
  );
}
