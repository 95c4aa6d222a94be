import { basename, dirname, join, relative } from 'node:path';

/** The arguments with which Node runs another program: compiled where this one is a compiled program of `scripts/`, else from its source. */
export const siblingWords = (program: string): string[] => {
  const [, own = ''] = process.argv;
  if (!own.endsWith('.js') || basename(dirname(own)) !== 'scripts') return ['--import', 'tsx', program];
  return [relative('', join(dirname(own), '..', program.replace(/\.ts$/, '.js')))];
};
