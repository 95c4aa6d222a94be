import { basename, dirname, join } from 'node:path';

/** Returns the arguments with which Node runs another program: compiled like this one, a program in `scripts/`, or from its source. */
export const siblingWords = (program: string): string[] => {
  const [, own = ''] = process.argv;
  if (!own.endsWith('.js') || basename(dirname(own)) !== 'scripts') return ['--import', 'tsx', program];
  return ['--enable-source-maps', join(dirname(own), '..', program.replace(/\.ts$/, '.js'))];
};
