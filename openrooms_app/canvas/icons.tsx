/** Icons by the names that node types carry; a name not here is drawn as a box. */

import {
  Bell, Bot, Box, Braces, Calculator, Clock, Code, Database, FileText, Flag, GitFork, Globe, Mail, MessageSquare, Play, Repeat,
  Search, Send, Shuffle, Split, Sparkles, Table, Timer, User, Webhook, Workflow, Wrench, type LucideIcon,
} from "lucide-react";

const ICONS: Readonly<Record<string, LucideIcon>> = {
  bell: Bell, bot: Bot, braces: Braces, calculator: Calculator, clock: Clock, code: Code, database: Database,
  "file-text": FileText, flag: Flag, "git-fork": GitFork, globe: Globe, mail: Mail, "message-square": MessageSquare, play: Play,
  repeat: Repeat, search: Search, send: Send, shuffle: Shuffle, split: Split, sparkles: Sparkles, table: Table, timer: Timer,
  user: User, webhook: Webhook, workflow: Workflow, wrench: Wrench,
};

export function TypeIcon({ name, size = 16 }: { readonly name: string; readonly size?: number }) {
  const Icon = ICONS[name] ?? Box;
  return <Icon size={size} strokeWidth={1.8} aria-hidden />;
}

/** The tile that tells types apart by its outline: a run's ends are round, work is square, choice a diamond, fork a hexagon. */
const SHAPES: Readonly<Record<string, string>> = {
  START: "circle", END: "circle", DECISION: "diamond", PARALLEL: "hexagon", WAIT: "octagon",
};

export function TypeTile({ type, icon, size = 16 }: { readonly type: string; readonly icon: string; readonly size?: number }) {
  return (
    <span className={`oc-tile oc-tile-${SHAPES[type] ?? "square"}`}>
      <TypeIcon name={icon} size={size} />
    </span>
  );
}
