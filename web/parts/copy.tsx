import { useEffect, useState } from 'preact/hooks';

/** Puts a text on the clipboard; where the browser forbids that (plain http), it marks the text to be copied by hand. */
export function CopyButton({ text, label = 'Copy' }: { readonly text: string; readonly label?: string }) {
  const [told, setTold] = useState<string | null>(null);
  useEffect(() => {
    if (told === null) return;
    const timer = setTimeout(() => setTold(null), 2500);
    return () => clearTimeout(timer);
  }, [told]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setTold('Copied');
    } catch {
      setTold(copyByHand(text) ? 'Copied' : 'Not allowed here');
    }
  };
  return (
    <button class="button plain" type="button" onClick={copy}>
      <span aria-live="polite">{told ?? label}</span>
    </button>
  );
}

/** The clipboard of the old kind, which works without https. */
function copyByHand(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'unseen';
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  return done;
}
