// Preloaded by a process that must find no package of OpenTelemetry: `node --import ./tests/without-tracing-packages.mjs`.
import { register } from 'node:module';

const hooks = `export const resolve = (specifier, context, next) => {
  if (!specifier.startsWith('@opentelemetry/')) return next(specifier, context);
  throw Object.assign(new Error(specifier + ' is not installed'), { code: 'ERR_MODULE_NOT_FOUND' });
};`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
