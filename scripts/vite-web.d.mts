import type { BuildOptions, InlineConfig } from 'vite';

declare const config: InlineConfig & { readonly root: string; readonly build: BuildOptions & { readonly outDir: string } };
export default config;
