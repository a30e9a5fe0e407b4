/** What the doctor says about one thing it looked at. */
export interface Finding {
  /** What was looked at: `node version`, `pool my-pool`. */
  readonly check: string;
  /** fail = something that is needed is unavailable · warn = works, but look at it · unknown = could not be found out. */
  readonly status: 'ok' | 'warn' | 'fail' | 'unknown';
  readonly detail: string;
  /** What to do; null when there is nothing to do. */
  readonly fix: string | null;
}

export function ok(check: string, detail: string): Finding {
  return { check, status: 'ok', detail, fix: null };
}

export function warn(check: string, detail: string, fix: string): Finding {
  return { check, status: 'warn', detail, fix };
}

export function fail(check: string, detail: string, fix: string): Finding {
  return { check, status: 'fail', detail, fix };
}

export function unknown(check: string, detail: string): Finding {
  return { check, status: 'unknown', detail, fix: null };
}
