import { LIMITS } from './limits.ts';

/**
 * Text of a pool made safe to log or show on a terminal: control characters (C0, DEL, C1), line separators,
 * broken surrogates and bidirectional overrides removed, length capped.
 */
export function sanitizeText(text: string, maxChars: number = LIMITS.textChars): string {
  // Cut first: a megabyte of text is not worth cleaning.
  const clean = text
    .slice(0, 4 * maxChars)
    .replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, '')
    .trim();
  return clean.length > maxChars ? `${clean.slice(0, maxChars - 1)}\u2026` : clean;
}
