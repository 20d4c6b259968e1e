/**
 * The parts of a page between which F6 goes and to which links skip: what has `data-region`, in the order of the page.
 * A part is entered where it has `data-region-start`, else at the first thing in it that Tab would come to.
 */

const STOPS = "a[href], button, input, select, textarea, summary, [tabindex]";

/** To the next part that can be seen (1), or to the one before (-1); behind the last comes the first. */
export function goToRegion(step: 1 | -1): void {
  const regions = [...document.querySelectorAll<HTMLElement>("[data-region]")].filter((region) => entranceOf(region) !== undefined);
  const here = regions.findIndex((region) => region.contains(document.activeElement));
  const next = here < 0 ? (step > 0 ? 0 : regions.length - 1) : (here + step + regions.length) % regions.length;
  if (regions[next]) entranceOf(regions[next])?.focus();
}

/** To the part of this name; nothing happens where it can't be seen. */
export function skipTo(name: string): void {
  const region = document.querySelector<HTMLElement>(`[data-region="${CSS.escape(name)}"]`);
  if (region) entranceOf(region)?.focus();
}

function entranceOf(region: HTMLElement): HTMLElement | undefined {
  const start = region.querySelector<HTMLElement>("[data-region-start]");
  return start && isStop(start) ? start : [region, ...region.querySelectorAll<HTMLElement>(STOPS)].find(isStop);
}

function isStop(element: HTMLElement): boolean {
  return element.tabIndex >= 0 && !element.matches(":disabled") && element.checkVisibility({ visibilityProperty: true });
}
