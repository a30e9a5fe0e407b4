// How the hub's page (web/) is built and, for work on it, served: `npx vite --config scripts/vite-web.mjs` beside a running daemon.
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');

export default {
  root: path.join(root, 'web'),
  configFile: false,
  cacheDir: path.join(root, 'build', 'web', 'vite'),
  logLevel: 'warn',
  build: {
    outDir: path.join(root, 'dist', 'web'),
    emptyOutDir: true,
    target: 'es2022',
    // The page's policy allows files of its own origin, nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { host: '127.0.0.1', proxy: { '/api': process.env.RIGBRAIN_HUB ?? 'http://127.0.0.1:8080' } },
};
