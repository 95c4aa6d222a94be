/** The filters of the page, as its address names them. */
export const orderFilters = ['status', 'product', 'customer', 'from', 'to', 'sort', 'names'] as const;
type OrderFilters = Readonly<Partial<Record<(typeof orderFilters)[number], string>>>;

/** Totals are sorted among the orders of one customer only, because no index supports it for all. */
export const canSortByTotal = ({ customer }: OrderFilters): boolean => Boolean(customer?.trim());

/** The list of the customer-view for these filters: of one customer, joined with customers, or orders only. */
export const ordersPath = (filters: OrderFilters): string => {
  const customer = filters.customer?.trim();
  const joined = filters.names === 'no' ? '/orders' : '/customer-orders';
  const path = customer ? `/customers/${encodeURIComponent(customer)}/orders` : joined;
  const parameters = new URLSearchParams();
  for (const name of ['status', 'product', 'from', 'to', 'sort'] as const) {
    const value = filters[name]?.trim();
    if (value) parameters.set(name, value);
  }
  return `${path}?${parameters}`;
};
