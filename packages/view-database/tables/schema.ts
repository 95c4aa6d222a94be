import type { DocumentRow } from './view-table.ts';

/** The engine's own documents: checkpoints and pointers. */
type StateRow = { readonly key: string; readonly version: number; readonly value: string };

/** The columns with which a view is written, and whether all of its rows have them. */
type ViewColumnsRow = { readonly view: string; readonly columns: string; readonly isFilled: 0 | 1 };

/** One row, with `id` 1, while the bytes of deleted personal data may still be in the file. Each request increments `requests`. */
type PendingPurgeRow = { readonly id: 1; readonly requests: number };

/** `view` stands for the table of any view, whose name is `asView(name)`. */
export type ViewSchema = {
  viewState: StateRow;
  viewColumns: ViewColumnsRow;
  pendingPurge: PendingPurgeRow;
  view: DocumentRow;
};

/** The name of the table of a view, typed as the table of any view. */
export const asView = (name: string): 'view' => name as 'view';
