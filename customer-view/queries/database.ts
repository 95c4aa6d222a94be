import type { DocumentRow } from '../../packages/view-database/view-database.ts';

/** A row per document. The columns are NULL if the document has no value for them, or the row consists of dead-letter marks. */
type View<Columns> = DocumentRow & { readonly [Column in keyof Columns]: Columns[Column] | null };

/** The view database for queries. Each slice declares its table in table.ts. */
export type CustomerViewDatabase = {
  customers: View<{ customerNumber: number; nameKey: string; email: string }>;
  registrations: View<{ month: string }>;
  orders: View<{
    customerId: string;
    productId: string;
    status: string;
    currency: string;
    quantity: number;
    total: number;
    createdAt: number;
    month: string;
  }>;
  greetings: View<{ postedAt: number }>;
};
