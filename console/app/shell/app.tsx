import { useEffect, useRef } from 'preact/hooks';
import { address } from '../services/location.ts';
import { NotFoundPage } from './not-found-page.tsx';
import { OperatorToken } from './operator-token.tsx';
import { findPage, routes } from './routes.ts';

export const App = () => {
  const { pathname } = address();
  const found = findPage(pathname);
  const title = found?.page.title ?? 'Not found';
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${title} – Connection mandates`;
    // A screen reader continues at the new page, as after loading a document.
    if (!isFirst.current) main.current?.focus();
    isFirst.current = false;
  }, [pathname, title]);
  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="bar">
        <a class="brand" href="/console">
          Connection mandates
        </a>
        <nav aria-label="Pages">
          {routes
            .filter(({ isInNavigation }) => isInNavigation)
            .map(({ path, title }) => (
              <a key={path} href={path} aria-current={found?.page.path === path ? 'page' : undefined}>
                {title}
              </a>
            ))}
        </nav>
        <OperatorToken />
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {found ? <found.page.component key={pathname} {...found.parameters} /> : <NotFoundPage />}
      </main>
    </>
  );
};
