import type { ComponentChildren } from 'preact';

/** A box that scrolls by itself; it can be reached by keyboard. */
export const ScrollBox = ({
  label,
  kind,
  children,
}: {
  label: string;
  kind?: 'tail' | 'short';
  children: ComponentChildren;
}) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: otherwise the keyboard cannot scroll it
  <section class={kind ? `scroll ${kind}` : 'scroll'} tabIndex={0} aria-label={label}>
    {children}
  </section>
);
