import { useEffect } from "react";
import { goToRegion } from "./regions.ts";

/** F6 on a page that has no table of keys. */
export function useF6(): void {
  useEffect(() => {
    window.addEventListener("keydown", obeyF6);
    return () => window.removeEventListener("keydown", obeyF6);
  }, []);
}

/** A dialog keeps its own. */
function obeyF6(event: KeyboardEvent): void {
  if (event.key !== "F6" || event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
  if ((event.target as Element).closest("dialog, [role=dialog]")) return;
  event.preventDefault();
  goToRegion(event.shiftKey ? -1 : 1);
}
