import { isTest, packageOf, type Source } from './sources.ts';

/** The areas that each area may import. An area is a package, a service, or another folder of the root. */
export type Layout = Readonly<Record<string, readonly string[]>>;

export const areaOf = (file: string): string =>
  file
    .split('/')
    .slice(0, file.startsWith('packages/') ? 2 : 1)
    .join('/');

/** Pairs of a file and a source file that it imports. */
const pairs = (sources: readonly Source[]) => {
  const files = new Set(sources.map(({ file }) => file));
  return sources.flatMap(({ file, imports }) =>
    imports.filter((imported) => files.has(imported)).map((imported) => ({ file, imported })),
  );
};
const format = ({ file, imported }: { file: string; imported: string }) => `${file} → ${imported}`;

/**
 * Finds imports that the layout does not allow. A test file next to the code may import what `tests` may import; in return only
 * areas that may import `tests` may import it.
 */
export const findForbiddenImports = (sources: readonly Source[], layout: Layout): string[] =>
  pairs(sources)
    .filter(({ file, imported }) => {
      const from = isTest(file) ? 'tests' : areaOf(file);
      const to = areaOf(imported);
      const isHiddenInTest = from !== 'tests' && isTest(imported) && !layout[from]?.includes('tests');
      return isHiddenInTest || (areaOf(file) !== to && !layout[from]?.includes(to));
    })
    .map(format);

/** The folder directly below the area that contains the file; undefined for a file at the top of its area. */
const folderOf = (file: string): string | undefined => {
  const area = areaOf(file);
  const [folder, ...rest] = file.slice(area.length + 1).split('/');
  return rest.length > 0 ? `${area}/${folder}` : undefined;
};
const mayEnter = (file: string) => isTest(file) || file.startsWith('bench/');
const isIndex = (file: string) => file.endsWith('/index.ts');

/**
 * Finds imports of private files. The public files of an area are those at its top and the index.ts of its folders; between two
 * slices of a service only index.ts is public. Tests and benchmarks may import private files.
 */
export const findPrivateImports = (sources: readonly Source[], services: readonly string[]): string[] =>
  pairs(sources)
    .filter(({ file, imported }) => {
      const area = areaOf(imported);
      const folder = folderOf(imported);
      const hasBorder = area.startsWith('packages/') || services.includes(area);
      if (mayEnter(file) || !hasBorder || folder === undefined) return false;
      if (areaOf(file) !== area) return !isIndex(imported);
      const isOfOtherSlice = folderOf(file) !== undefined && folderOf(file) !== folder;
      return services.includes(area) && isOfOtherSlice && imported !== `${folder}/index.ts`;
    })
    .map(format);

/** Finds imports between the slices of a service that the table of slices does not allow. Tests may import all slices. */
export const findForbiddenSliceImports = (sources: readonly Source[], slices: Layout): string[] =>
  pairs(sources)
    .filter(({ file, imported }) => {
      const allowed = slices[folderOf(file) ?? ''];
      const isInService = areaOf(file) === areaOf(imported) && folderOf(file) !== folderOf(imported);
      return allowed !== undefined && !isTest(file) && isInService && !allowed.includes(folderOf(imported) ?? imported);
    })
    .map(format);

/** Finds public files of packages that no other area imports; they belong into a folder of the package. */
export const findUnusedPublicFiles = (sources: readonly Source[]): string[] => {
  const imported = new Set(
    pairs(sources)
      .filter(({ file, imported }) => areaOf(file) !== areaOf(imported))
      .map(({ imported }) => imported),
  );
  return sources
    .map(({ file }) => file)
    .filter((file) => file.startsWith('packages/') && !isTest(file) && !imported.has(file))
    .filter((file) => folderOf(file) === undefined || isIndex(file));
};

const isData = (imported: string) => /\.(json|html|md|csv|sql|css)$/.test(imported);

/** Finds imports, except in tests, of anything but a source file, data or a declared dependency: no other rule sees them. */
export const findUnknownImports = (sources: readonly Source[], dependencies: readonly string[]): string[] => {
  const files = new Set(sources.map(({ file }) => file));
  const isKnown = (name: string) =>
    files.has(name) || name.startsWith('node:') || dependencies.includes(packageOf(name)) || isData(name);
  return sources
    .filter(({ file }) => !isTest(file))
    .flatMap(({ file, imports }) => imports.filter((name) => !isKnown(name)).map((name) => `${file} → ${name}`));
};
