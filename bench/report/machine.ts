import { cpus, release, totalmem } from 'node:os';

/** Cores, memory, kernel and Node of this machine. */
export const describeMachine = (): string =>
  `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}, Node ${process.versions.node}`;
