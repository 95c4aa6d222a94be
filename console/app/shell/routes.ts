import type { ComponentType } from 'preact';
import { ConnectionPage } from '../pages/connection/connection-page.tsx';
import { FindConnectionPage } from '../pages/connection/find-connection-page.tsx';
import { FlowPage } from '../pages/flow/flow-page.tsx';
import { OperationsPage } from '../pages/operations/operations-page.tsx';

/** A page and its path, whose `:name` parts become properties of the component. */
export type PageRoute = {
  readonly path: string;
  readonly title: string;
  /** Whether the navigation shows it. A page for one customer is reached from a list. */
  readonly isInNavigation: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: a component declares the properties that the parts of its path become
  readonly component: ComponentType<any>;
};

export const routes: readonly PageRoute[] = [
  { path: '/console', title: 'Flow', isInNavigation: true, component: FlowPage },
  { path: '/console/connections', title: 'Connection', isInNavigation: true, component: FindConnectionPage },
  { path: '/console/connections/:connectionId', title: 'Connection', isInNavigation: false, component: ConnectionPage },
  { path: '/console/operations', title: 'Operations', isInNavigation: true, component: OperationsPage },
];

/** Finds the page of a path. A slash at its end makes no difference. */
export const findPage = (
  pathname: string,
  pages: readonly PageRoute[] = routes,
): { readonly page: PageRoute; readonly parameters: Readonly<Record<string, string>> } | undefined => {
  for (const page of pages) {
    const parameters = match(page.path, pathname.replace(/(.)\/+$/, '$1'));
    if (parameters) return { page, parameters };
  }
  return undefined;
};

const match = (path: string, pathname: string): Record<string, string> | undefined => {
  const expected = path.split('/');
  const parts = pathname.split('/');
  if (parts.length !== expected.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [n, name] of expected.entries()) {
    const part = parts[n] as string;
    if (name.startsWith(':')) {
      const decoded = decode(part);
      if (!decoded) return undefined;
      parameters[name.slice(1)] = decoded;
    } else if (part !== name) return undefined;
  }
  return parameters;
};

const decode = (part: string): string | undefined => {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
};
