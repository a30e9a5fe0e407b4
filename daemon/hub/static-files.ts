/** The page: what Vite built, read into memory once, so that a request never waits for a slow card and never leaves the folder. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

export interface StaticFile {
  readonly body: Buffer;
  /** Null = not worth it. */
  readonly gzipped: Buffer | null;
  readonly type: string;
  readonly etag: string;
  /** Its name holds a hash of what is in it. */
  readonly isImmutable: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};
const MOST_BYTES = 32 * 1024 * 1024;
const INDEX = '/index.html';

const NOT_BUILT = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Rigbrain</title>
<h1>The page is not built</h1>
<p>This installation has no <code>dist/web</code>. Make it with <code>npm run build</code> and load this address again.
The API works all the same: see <a href="/api/openapi.json">/api/openapi.json</a>.</p></html>
`;

export class StaticFiles {
  readonly #folder: string;
  #files = new Map<string, StaticFile>();
  #builtAt: number | null = null;

  /** @param folder may be missing, and may be built anew while this runs */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** What is at a path of a URL; addresses of the page itself (without an extension) are its index. Null = there is no such file. */
  find(urlPath: string): { readonly file: StaticFile; readonly status: 200 | 503 } | null {
    const name = decoded(urlPath);
    if (name === null) return null;
    const isPage = name === '/' || path.posix.extname(name) === '' || name === INDEX;
    if (isPage || this.#builtAt === null) this.#refresh();
    const file = this.#files.get(isPage ? INDEX : name);
    if (file !== undefined) return { file, status: 200 };
    return isPage ? { file: asFile(Buffer.from(NOT_BUILT), '.html', false), status: 503 } : null;
  }

  /** Reads the folder when its index is another one. */
  #refresh(): void {
    const builtAt = statSync(path.join(this.#folder, INDEX), { throwIfNoEntry: false })?.mtimeMs ?? null;
    if (builtAt === this.#builtAt) return;
    try {
      this.#files = builtAt === null ? new Map() : readAll(this.#folder);
      this.#builtAt = builtAt;
    } catch {
      // Being built right now: what was there before is served, or the next request tries again.
    }
  }
}

function readAll(folder: string): Map<string, StaticFile> {
  const files = new Map<string, StaticFile>();
  let left = MOST_BYTES;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const extension = path.extname(entry.name);
    if (!entry.isFile() || TYPES[extension] === undefined) continue;
    const full = path.join(entry.parentPath, entry.name);
    const body = readFileSync(full);
    left -= body.length;
    if (left < 0) break;
    const name = `/${path.relative(folder, full).split(path.sep).join('/')}`;
    files.set(name, asFile(body, extension, name.startsWith('/assets/') && /-[\w-]{8,}\.\w+$/.test(name)));
  }
  return files;
}

function asFile(body: Buffer, extension: string, isImmutable: boolean): StaticFile {
  const type = TYPES[extension] ?? 'application/octet-stream';
  const gzipped = body.length >= 1024 && /^(text|application)\/|svg/.test(type) ? gzipSync(body) : null;
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return { body, gzipped: gzipped !== null && gzipped.length < body.length ? gzipped : null, type, etag, isImmutable };
}

function decoded(urlPath: string): string | null {
  try {
    const name = decodeURIComponent(urlPath);
    return name.includes('\0') ? null : path.posix.normalize(name);
  } catch {
    return null;
  }
}
