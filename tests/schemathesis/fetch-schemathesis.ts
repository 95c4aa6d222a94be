import { join } from 'node:path';
import { fetchPythonPackages, type Python } from '../python-packages.ts';

export type Program = Python & { args: string[] };

const run = 'import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())';

/**
 * Fetches schemathesis and its dependencies, at the versions of requirements.txt.
 * @returns the command that runs it
 * @throws Error with the remedy when Python is missing
 */
export const fetchSchemathesis = async (report: (line: string) => void): Promise<Program> => {
  const python = await fetchPythonPackages('schemathesis', join(import.meta.dirname, 'requirements.txt'), report);
  return { ...python, args: ['-c', run] };
};
