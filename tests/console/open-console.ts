import AxeBuilder from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import type { WatchedPage } from '../browser.ts';

/** What axe finds wrong by WCAG 2.2 AA, or by the given rules only; one line per rule and element. */
export const listAccessibilityProblems = async (page: Page, rules?: string[]): Promise<string[]> => {
  const axe = new AxeBuilder({ page });
  const { violations } = await (rules
    ? axe.withRules(rules)
    : axe.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
  ).analyze();
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
};

/** Whether the page is wider than the window, so that people must scroll sideways to read it. */
export const isTooWide = (page: Page): Promise<boolean> =>
  page.evaluate('document.documentElement.scrollWidth > window.innerWidth');

/** What went wrong in the page, but requests that it gave up, as it does when it loads something newer. */
export const listProblems = ({ problems }: WatchedPage): string[] =>
  problems.filter((problem) => !problem.endsWith('net::ERR_ABORTED'));
