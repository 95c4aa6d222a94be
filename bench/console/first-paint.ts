import type { Browser } from 'playwright-core';

const readPaint = `new Promise((resolve) => {
  new PerformanceObserver((list) => {
    const paint = list.getEntriesByName('first-contentful-paint')[0];
    if (paint) resolve(paint.startTime);
  }).observe({ type: 'paint', buffered: true });
})`;

/** Opens the page with an empty cache. @returns ms from the begin of the navigation to the first contentful paint */
export const measureFirstPaint = async (browser: Browser, url: string): Promise<number> => {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(url);
    return await page.evaluate(readPaint);
  } finally {
    await context.close();
  }
};
