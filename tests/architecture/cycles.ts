import { dirname } from 'node:path';
import type { Source } from './sources.ts';

type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** Finds the groups of nodes that reach each other, by Tarjan's algorithm. */
export const findCycles = (graph: Graph): string[][] => {
  const cycles: string[][] = [];
  const found = new Map<string, { readonly at: number; lowest: number }>();
  const path: string[] = [];
  const visit = (node: string) => {
    const own = { at: found.size, lowest: found.size };
    found.set(node, own);
    path.push(node);
    for (const next of graph.get(node) ?? []) {
      const seen = found.get(next);
      if (!seen) own.lowest = Math.min(own.lowest, visit(next));
      else if (path.includes(next)) own.lowest = Math.min(own.lowest, seen.at);
    }
    if (own.lowest === own.at) {
      const group = path.splice(path.indexOf(node));
      if (group.length > 1) cycles.push(group.sort());
    }
    return own.lowest;
  };
  for (const node of graph.keys()) if (!found.has(node)) visit(node);
  return cycles;
};

/**
 * Finds cycles between the files and sub-folders of each folder, which covers cycles of files, of folders and of areas. An import
 * between files of two sub-folders is an edge between the sub-folders.
 */
export const findFolderCycles = (sources: readonly Source[]): string[] => {
  const files = new Set(sources.map(({ file }) => file));
  const graphs = new Map<string, Map<string, Set<string>>>();
  for (const { file, imports } of sources)
    for (const imported of imports) {
      if (!files.has(imported) || imported === file) continue;
      const { folder, from, to } = findCommonFolder(file, imported);
      const graph = graphs.get(folder) ?? new Map<string, Set<string>>();
      graphs.set(folder, graph.set(from, (graph.get(from) ?? new Set()).add(to)));
    }
  return [...graphs.values()].flatMap((graph) => findCycles(graph).map((cycle) => cycle.join(' ↔ ')));
};

/** The deepest folder that contains both files, and its two children that contain one file each. */
const findCommonFolder = (one: string, other: string) => {
  let folder = dirname(one);
  while (folder !== '.' && !other.startsWith(`${folder}/`)) folder = dirname(folder);
  const below = folder === '.' ? '' : `${folder}/`;
  const childOf = (file: string) => below + String(file.slice(below.length).split('/')[0]);
  return { folder, from: childOf(one), to: childOf(other) };
};
