// A status as a word, an icon and a colour, so that none of the three is needed to tell them apart.
import {
  Ban, CheckCircle2, Circle, CircleDashed, CirclePause, Hourglass, LoaderCircle, XCircle, type LucideIcon,
} from "lucide-react";

const LOOKS: Record<string, [LucideIcon, string, string]> = {
  IDLE: [Circle, "Idle", "idle"],
  QUEUED: [CircleDashed, "Queued", "queued"],
  RUNNING: [LoaderCircle, "Running", "run"],
  PAUSED: [CirclePause, "Paused", "pause"],
  WAITING: [Hourglass, "Waiting", "wait"],
  COMPLETED: [CheckCircle2, "Completed", "ok"],
  FAILED: [XCircle, "Failed", "fail"],
  CANCELLED: [Ban, "Cancelled", "idle"],
};

export function StatusBadge({ status = "IDLE" }: { status?: string }) {
  const [Icon, word, color] = LOOKS[status] ?? [Circle, status, "idle"];
  return (
    <span data-status={status} className="inline-flex h-5 items-center align-middle gap-1 whitespace-nowrap rounded px-1.5 text-2xs font-medium"
      style={{ color: `var(--or-${color})`, background: `color-mix(in srgb, var(--or-${color}) 12%, var(--or-panel))` }}>
      <Icon size={12} strokeWidth={2.2} aria-hidden className={status === "RUNNING" ? "animate-spin motion-reduce:animate-none" : ""} />
      {word}
    </span>
  );
}
