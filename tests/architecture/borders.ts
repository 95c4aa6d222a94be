import { isTest, packageOf, type Source } from './sources.ts';

/** What each area may import beside itself. An area is a package, a service, or another folder of the root. */
export type Layout = Readonly<Record<string, readonly string[]>>;

export const areaOf = (file: string): string =>
  file
    .split('/')
    .slice(0, file.startsWith('packages/') ? 2 : 1)
    .join('/');

/** Imports of files of ours, as pairs. */
const pairs = (sources: readonly Source[]) => {
  const files = new Set(sources.map(({ file }) => file));
  return sources.flatMap(({ file, imports }) =>
    imports.filter((imported) => files.has(imported)).map((imported) => ({ file, imported })),
  );
};
const written = ({ file, imported }: { file: string; imported: string }) => `${file} → ${imported}`;

/**
 * Imports of an area that the layout does not allow; a test beside the code may import what `tests` may, so that only those
 * who may import tests import it.
 */
export const forbiddenArrows = (sources: readonly Source[], layout: Layout): string[] =>
  pairs(sources)
    .filter(({ file, imported }) => {
      const from = isTest(file) ? 'tests' : areaOf(file);
      const to = areaOf(imported);
      const isHiddenInTest = from !== 'tests' && isTest(imported) && !layout[from]?.includes('tests');
      return isHiddenInTest || (areaOf(file) !== to && !layout[from]?.includes(to));
    })
    .map(written);

/** The folder that keeps the file for itself: the one below its area; of a file at the top of the area there is none. */
const folderOf = (file: string): string | undefined => {
  const area = areaOf(file);
  const [folder, ...rest] = file.slice(area.length + 1).split('/');
  return rest.length > 0 ? `${area}/${folder}` : undefined;
};
const looksInside = (file: string) => isTest(file) || file.startsWith('bench/');
const isFace = (file: string) => file.endsWith('/index.ts');

/**
 * Imports that pass by the public face of an area or of a slice. From another area come only files at the top of the area and
 * the index.ts of its folders; inside a service, one slice imports the index.ts of another. Tests and benchmarks look inside:
 * they try the parts as well.
 */
export const privateEntries = (sources: readonly Source[], services: readonly string[]): string[] =>
  pairs(sources)
    .filter(({ file, imported }) => {
      const area = areaOf(imported);
      const folder = folderOf(imported);
      const hasBorder = area.startsWith('packages/') || services.includes(area);
      if (looksInside(file) || !hasBorder || folder === undefined) return false;
      if (areaOf(file) !== area) return !isFace(imported);
      const isOfOtherSlice = folderOf(file) !== undefined && folderOf(file) !== folder;
      return services.includes(area) && isOfOtherSlice && imported !== `${folder}/index.ts`;
    })
    .map(written);

/** Imports between what lies in a service that the table of its slices does not allow; tests may import all of it. */
export const forbiddenSlices = (sources: readonly Source[], slices: Layout): string[] =>
  pairs(sources)
    .filter(({ file, imported }) => {
      const allowed = slices[folderOf(file) ?? ''];
      const isInService = areaOf(file) === areaOf(imported) && folderOf(file) !== folderOf(imported);
      return allowed !== undefined && !isTest(file) && isInService && !allowed.includes(folderOf(imported) ?? imported);
    })
    .map(written);

/** Files at the top of a package, and faces of its folders, that no other area imports: they belong into a folder. */
export const unusedEntries = (sources: readonly Source[]): string[] => {
  const imported = new Set(
    pairs(sources)
      .filter(({ file, imported }) => areaOf(file) !== areaOf(imported))
      .map(({ imported }) => imported),
  );
  return sources
    .map(({ file }) => file)
    .filter((file) => file.startsWith('packages/') && !isTest(file) && !imported.has(file))
    .filter((file) => folderOf(file) === undefined || isFace(file));
};

const isData = (imported: string) => /\.(json|html|md|csv|sql)$/.test(imported);

/**
 * Imports, but for those of tests, of what is neither a file that we look at, nor data, nor a declared dependency: no other
 * rule would see them.
 */
export const unknownImports = (sources: readonly Source[], dependencies: readonly string[]): string[] => {
  const files = new Set(sources.map(({ file }) => file));
  const isKnown = (name: string) =>
    files.has(name) || name.startsWith('node:') || dependencies.includes(packageOf(name)) || isData(name);
  return sources
    .filter(({ file }) => !isTest(file))
    .flatMap(({ file, imports }) => imports.filter((name) => !isKnown(name)).map((name) => `${file} → ${name}`));
};
