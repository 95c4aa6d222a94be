// Loaded before tsx (NODE_OPTIONS=--import …): replaces exact pieces of the project's source when they are loaded, so that a
// test can take a safeguard out without the product having a switch for it. SOURCE_PATCHES is a list of {file, text, instead}.
import { readFileSync } from 'node:fs';
import { register } from 'node:module';
import { isMainThread } from 'node:worker_threads';

const patches = JSON.parse(process.env.SOURCE_PATCHES ?? '[]').map(({ file, text, instead }) => ({
  url: new URL(`../../${file}`, import.meta.url).href,
  text,
  instead,
}));

const patched = (source, { url, text, instead }) => {
  const parts = source.split(text);
  if (parts.length !== 2)
    throw new Error(`${url} has ${parts.length - 1} times, not once, what a test replaces:\n${text}`);
  return parts.join(instead);
};

if (isMainThread) {
  // Now, for a file that is not loaded would never complain.
  for (const patch of patches) patched(readFileSync(new URL(patch.url), 'utf8'), patch);
  register(import.meta.url);
}

export const load = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context);
  const own = patches.filter((patch) => patch.url === url.split('?')[0]);
  return own.length === 0 ? loaded : { ...loaded, source: own.reduce(patched, String(loaded.source)) };
};
