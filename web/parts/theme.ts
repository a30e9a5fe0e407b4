import { useEffect, useState } from 'preact/hooks';

const dark = matchMedia('(prefers-color-scheme: dark)');

/** What draws with colours of its own (a canvas) is drawn again when this changes. */
export function useTheme(): 'light' | 'dark' {
  const [isDark, set] = useState(dark.matches);
  useEffect(() => {
    const look = (): void => set(dark.matches);
    dark.addEventListener('change', look);
    return () => dark.removeEventListener('change', look);
  }, []);
  return isDark ? 'dark' : 'light';
}
