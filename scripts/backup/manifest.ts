import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { migrations } from '../../crm/database/index.ts';
import { closeSqlite, openSqlite } from '../../packages/database/sqlite.ts';
import { schemaVersion } from '../../packages/embedded/platform.ts';
import { ConfigError } from '../../packages/runtime/config-error.ts';
import { type Name, names, sync } from './files.ts';

const fileSchema = z.object({
  name: z.enum(names),
  bytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** The name of the CRM's last migration, or the schema version of another file. */
  schema: z.string(),
});
const manifestSchema = z.object({
  format: z.literal(1),
  takenAt: z.iso.datetime(),
  /** The release of the platform that was copied. */
  release: z.string(),
  files: z.array(fileSchema).min(1).max(names.length),
});
export type Manifest = z.infer<typeof manifestSchema>;
export type BackupFile = z.infer<typeof fileSchema>;

const manifestFile = (folder: string) => join(folder, 'manifest.json');

export const writeManifest = (folder: string, manifest: Manifest): void => {
  writeFileSync(manifestFile(folder), `${JSON.stringify(manifest, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' });
  sync(manifestFile(folder));
};

/** @throws ConfigError when the folder is no backup that this release can read */
export const readManifest = (folder: string): Manifest => {
  let text: string;
  try {
    text = readFileSync(manifestFile(folder), 'utf8');
  } catch (error) {
    throw new ConfigError(`${folder} is no backup: ${describeReadError(folder, error as NodeJS.ErrnoException)}.`);
  }
  const manifest = manifestSchema.safeParse(parse(text));
  if (manifest.success) return manifest.data;
  throw new ConfigError(`${manifestFile(folder)} is damaged, or of a newer release.`);
};

const describeReadError = (folder: string, { code, message }: NodeJS.ErrnoException): string => {
  if (!existsSync(folder)) return 'there is no such folder';
  if (!statSync(folder).isDirectory()) return 'it is a file. Give the folder that npm run backup has created';
  if (code === 'ENOENT') return 'it has no manifest.json. Give a folder that npm run backup has created';
  return message;
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Checks a copied database and returns its entry for the manifest. The copy must have no write-ahead log. */
export const describeFile = async (name: Name, file: string): Promise<BackupFile> => ({
  name,
  schema: inspect(name, file),
  bytes: statSync(file).size,
  sha256: await readDigest(file),
});

/** @throws ConfigError when the file differs from the manifest, is damaged, or is newer than this release */
export const verifyFile = async (expected: BackupFile, file: string): Promise<void> => {
  const [bytes, sha256] = [statSync(file).size, await readDigest(file)];
  if (bytes !== expected.bytes || sha256 !== expected.sha256)
    throw new ConfigError(`${expected.name} of the backup is damaged: its checksum differs from the manifest.`);
  const schema = inspect(expected.name, file);
  const isKnown = expected.name === 'crm.sqlite' ? schema in migrations : Number(schema) <= schemaVersion;
  if (!isKnown)
    throw new ConfigError(
      `${expected.name} of the backup belongs to a newer release: restore it with that release or a later one.`,
    );
};

/** Checks the integrity of the whole file. @returns its schema version @throws ConfigError when the file is damaged */
const inspect = (name: Name, file: string): string => {
  const database = openSqlite(file);
  try {
    const problems = database.prepare('PRAGMA integrity_check(1)').all() as { integrity_check: string }[];
    if (problems[0]?.integrity_check !== 'ok')
      throw new ConfigError(`${file} is damaged: ${problems[0]?.integrity_check ?? 'it cannot be checked'}.`);
    const [found] = (
      name === 'crm.sqlite'
        ? database.prepare('SELECT name AS "schema" FROM kysely_migration ORDER BY name DESC LIMIT 1')
        : database.prepare('SELECT user_version AS "schema" FROM pragma_user_version')
    ).all() as { schema: string | number }[];
    // Removes the write-ahead log.
    database.prepare('PRAGMA journal_mode = DELETE').all();
    return String(found?.schema);
  } finally {
    closeSqlite(database);
  }
};

const readDigest = async (file: string): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest('hex');
};
