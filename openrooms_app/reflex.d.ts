// The parts of Reflex's own front end that our TypeScript uses, and the files that Vite lets it import.
declare module "$/utils/context-registry" {
  import type { Context } from "react";
  export const ColorModeContext: Context<{
    rawColorMode: "light" | "dark" | "system";
    resolvedColorMode: "light" | "dark";
    toggleColorMode: () => void;
    setColorMode: (mode: "light" | "dark" | "system") => void;
  }>;
}
declare module "*.css";
