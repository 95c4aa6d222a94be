// Preloaded by a process that must find no peer dependency of package.json: `node --import ./tests/without-peer-packages.mjs`.
import { readFileSync } from 'node:fs';
import { register } from 'node:module';

const { peerDependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const hooks = `export const resolve = (specifier, context, next) => {
  if (!${JSON.stringify(Object.keys(peerDependencies))}.includes(specifier)) return next(specifier, context);
  throw Object.assign(new Error(specifier + ' is not installed'), { code: 'ERR_MODULE_NOT_FOUND' });
};`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
