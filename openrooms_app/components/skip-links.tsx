/** The first stops of a page: links that are seen while they have the focus, past all that stands before a part. */

import { skipTo } from "./regions.ts";

export const SKIP = "fixed left-2 top-2 z-50 -translate-y-16 rounded-md bg-accent px-3 py-2 text-sm text-on-accent focus:translate-y-0";

/** `className` hides a link where its part is not on the page. */
export type Skip = { readonly to: string; readonly text: string; readonly className?: string };

export function SkipLinks({ links }: { readonly links: readonly Skip[] }) {
  return links.map(({ to, text, className = "" }) => (
    <a key={to} href={`#${to}`} className={`${SKIP} ${className}`} onClick={(event) => (event.preventDefault(), skipTo(to))}>
      {text}
    </a>
  ));
}
