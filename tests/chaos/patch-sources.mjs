// Loaded before tsx (NODE_OPTIONS=--import …): replaces exact texts of source files when they are loaded, so that a test can remove
// a safeguard without a switch in the product. SOURCE_PATCHES is a JSON list of {file, text, instead}.
import { readFileSync } from 'node:fs';
import { register } from 'node:module';
import { isMainThread } from 'node:worker_threads';

const patches = JSON.parse(process.env.SOURCE_PATCHES ?? '[]').map(({ file, text, instead }) => ({
  url: new URL(`../../${file}`, import.meta.url).href,
  text,
  instead,
}));

const applyPatch = (source, { url, text, instead }) => {
  const parts = source.split(text);
  if (parts.length !== 2)
    throw new Error(
      `${url} must contain this text of a patch once, but contains it ${parts.length - 1} times:\n${text}`,
    );
  return parts.join(instead);
};

if (isMainThread) {
  // All patches are checked now, because a file that is never loaded would not fail.
  for (const patch of patches) applyPatch(readFileSync(new URL(patch.url), 'utf8'), patch);
  register(import.meta.url);
}

export const load = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context);
  const own = patches.filter((patch) => patch.url === url.split('?')[0]);
  return own.length === 0 ? loaded : { ...loaded, source: own.reduce(applyPatch, String(loaded.source)) };
};
