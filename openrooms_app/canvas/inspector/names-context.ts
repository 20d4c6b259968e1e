/** Which names the expression fields of what is inspected can complete; asked only when someone types. */

import { createContext, useContext } from "react";
import type { Name } from "./names.ts";

export const NamesContext = createContext<() => readonly Name[]>(() => []);

export function useNames(): () => readonly Name[] {
  return useContext(NamesContext);
}
