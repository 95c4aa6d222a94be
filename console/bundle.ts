import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { build, stop } from 'esbuild';

/** A file of the page. Its name contains a hash of the content, so browsers may keep it forever. */
type Asset = { readonly name: string; readonly mediaType: string; readonly content: Buffer };
export type Bundle = { readonly script: Asset; readonly style: Asset };

let loading: Promise<Bundle> | undefined;

/**
 * The browser's part of the console, bundled in memory: nothing needs to be built before a start. It is bundled at the first call, to
 * keep the start fast, once in a process. After a failure the next call tries again.
 */
export const loadBundle = (): Promise<Bundle> => {
  loading ??= createBundle().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
};

const createBundle = async (): Promise<Bundle> => {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'app', 'main.tsx')],
    outdir: 'console',
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    logLevel: 'silent',
  });
  // esbuild leaves a process behind, which nothing needs after this.
  await stop();
  const asset = (extension: string, mediaType: string): Asset => {
    const content = Buffer.from(outputFiles.find(({ path }) => path.endsWith(extension))?.contents ?? []);
    const hash = createHash('sha256').update(content).digest('hex').slice(0, 16);
    return { name: `app-${hash}${extension}`, mediaType, content };
  };
  return { script: asset('.js', 'text/javascript'), style: asset('.css', 'text/css') };
};
