import { findOwnedProcess } from './owned-process.ts';
import type { Part, Program } from './part.ts';
import { type PartName, type ProgramName, parts, programs } from './parts.ts';
import { partFolder } from './settings.ts';

export type Row = { part: string; port: string; version: string; health: string; pid: string; 'started by': string };

export const readStackStatus = async (): Promise<Row[]> =>
  Promise.all([
    ...Object.entries(parts).map(([name, part]) => partRow(name as PartName, part)),
    ...Object.entries(programs).map(([name, program]) => programRow(name as ProgramName, program)),
  ]);

const partRow = async (name: PartName, part: Part): Promise<Row> => {
  const version = await part.probe();
  const owned = findOwnedProcess(partFolder(name));
  return {
    part: name,
    port: String(part.port),
    version: version ?? '',
    health: version ? 'healthy' : owned ? 'does not answer' : 'down',
    pid: owned ? String(owned.pid) : '',
    'started by': owned ? 'stack' : version ? 'others' : '',
  };
};

const programRow = async (name: ProgramName, program: Program): Promise<Row> => {
  const path = await program.find();
  const version = path ? await program.version(path) : '';
  return { part: name, port: '', version, health: path ?? 'not installed', pid: '', 'started by': '' };
};
