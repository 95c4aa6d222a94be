import { createServer } from 'node:net';
import type { NamedFinding } from '../scripts/doctor/finding.ts';
import { programWords, startProgram } from './platform-process.ts';

/** Finds ports of this machine that nothing uses. */
export const findFreePorts = async (count: number): Promise<number[]> => {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
};

export type Diagnosis = {
  readonly code: number | string;
  readonly findings: readonly NamedFinding[];
  /** The findings of a check that are not ok. */
  of(check: string): readonly NamedFinding[];
};

/** Runs `npm run doctor -- --json`. */
export const runDoctor = async (env: Record<string, string>, args: string[] = []): Promise<Diagnosis> => {
  const command = startProgram(process.execPath, [...programWords('scripts/doctor.ts'), '--json', ...args], env);
  const code = await command.ended;
  const { findings } = JSON.parse(command.output()) as { findings: readonly NamedFinding[] };
  return {
    code,
    findings,
    of: (check) => findings.filter((finding) => finding.check === check && finding.status !== 'ok'),
  };
};
