import type { ClientOutput } from './outputs.ts';

/** Shorter ones (`x`, `123`) are no secrets, and would tear up words that only contain them. */
const LEAST_CHARS = 5;
const HIDDEN = '***';

/** An output without the worker's password in its words: some pools repeat what they were sent when they refuse it. */
export function hidePassword(output: ClientOutput, password: string): ClientOutput {
  if (password.length < LEAST_CHARS) return output;
  const hide = (text: string): string => text.replaceAll(password, HIDDEN);
  switch (output.type) {
    case 'message':
    case 'warning':
      return { ...output, text: hide(output.text) };
    case 'invalidate':
    case 'status':
    case 'close':
      return { ...output, reason: hide(output.reason) };
    case 'verdict':
      return 'reason' in output.verdict ? { ...output, verdict: { ...output.verdict, reason: hide(output.verdict.reason) } } : output;
    default:
      return output;
  }
}
