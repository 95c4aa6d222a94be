import { crm } from './client.ts';

export type Import = {
  readonly importId: string;
  readonly fileName: string;
  readonly dryRun: boolean;
  readonly onConflict: string;
  readonly state: 'waiting' | 'running' | 'finished' | 'failed';
  readonly failure: string | null;
  readonly progress: { readonly bytes: number; readonly bytesDone: number; readonly rows: number };
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly skipped: number;
  readonly refused: number;
  readonly listed: { readonly refused: number; readonly skipped: number };
  readonly notes: readonly string[];
  readonly columns: readonly { readonly column: string; readonly field: string }[];
  readonly createdAt: string;
  readonly finishedAt: string | null;
};

export type ImportedRow = {
  readonly line: number;
  readonly outcome: string;
  readonly problems: readonly {
    readonly column: string | null;
    readonly value?: string | null;
    readonly reason: string;
  }[];
};

export const pathOfImport = (importId: string): string => `/imports/${encodeURIComponent(importId)}`;

export const readImport = async (importId: string, signal: AbortSignal): Promise<Import> =>
  (await crm.call<Import>(pathOfImport(importId), { signal })).body;

export const hasEnded = ({ state }: Import): boolean => state === 'finished' || state === 'failed';
