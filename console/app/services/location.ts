import { signal } from '@preact/signals';

const current = signal(new URL(location.href));

/** The address of the page, as a signal: reading it in a component shows the component again when the address changes. */
export const address = (): URL => current.value;

/** Shows another page of the console, or the same one with other parameters. `replace` adds no entry to the history. */
export const navigate = (to: string, { replace = false } = {}): void => {
  const next = new URL(to, location.href);
  if (next.href === current.value.href) return;
  const isOtherPage = next.pathname !== current.value.pathname;
  history[replace ? 'replaceState' : 'pushState'](null, '', next);
  current.value = next;
  if (isOtherPage) scrollTo(0, 0);
};

/** The parameters of the query, for filters that a link can share. An empty value removes a parameter. */
export const setParameters = (parameters: Readonly<Record<string, string>>, options?: { replace?: boolean }): void => {
  const next = new URL(current.value);
  for (const [name, value] of Object.entries(parameters))
    if (value === '') next.searchParams.delete(name);
    else next.searchParams.set(name, value);
  navigate(next.href, options);
};

/** Follows links within the console without loading the document again. */
export const followLinks = (): void => {
  addEventListener('popstate', () => {
    current.value = new URL(location.href);
  });
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link || event.defaultPrevented || event.button !== 0 || link.target || link.hasAttribute('download')) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (link.origin !== location.origin || !/^\/console(\/|$)/.test(link.pathname)) return;
    if (link.hash !== '' && link.pathname === location.pathname) return;
    event.preventDefault();
    navigate(link.href);
  });
};
