/** What the browser's tab is called. */

import { useEffect } from "react";

export function useTitle(name: string): void {
  useEffect(() => {
    if (name) document.title = `${name} · OpenRooms`;
  }, [name]);
}

export function PageTitle({ name = "" }: { name?: string }) {
  useTitle(name);
  return null;
}
