import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataFolder } from '../platform-process.ts';
import { emptyViewDatabase, readViewRows } from '../stack/fresh.ts';

/** A database of customer-views, which is empty when it is created. */
export type ViewDatabase = {
  readonly name: 'sqlite' | 'mysql';
  readonly url: string;
  /** Reads all that is stored: every byte of a SQLite file, every row of MariaDB. */
  readText(): Promise<string>;
};

export const createViewDatabases = async (): Promise<ViewDatabase[]> => {
  const folder = dataFolder();
  return [
    {
      name: 'sqlite',
      url: `sqlite:${join(folder, 'customer-view.sqlite')}`,
      readText: async () =>
        readdirSync(folder)
          .map((file) => readFileSync(join(folder, file), 'latin1'))
          .join(),
    },
    { name: 'mysql', url: await emptyViewDatabase(), readText: readViewRows },
  ];
};
