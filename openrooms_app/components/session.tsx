// What an open tab does when its session has ended, and how it shows what the server has to tell.
import { useEffect } from "react";
import { toast } from "sonner";

export type Notice = { id?: string; kind?: string; text?: string };

let told: string | undefined;

export function SessionWatch({ ended = false, notice }: { ended?: boolean; notice?: Notice }) {
  useEffect(() => {
    if (ended) toLogin();
  }, [ended]);
  useEffect(() => {
    const look = () => void leaveIfEnded();
    const whenSeen = () => document.visibilityState === "visible" && look();
    document.addEventListener("visibilitychange", whenSeen);
    window.addEventListener("focus", look);
    window.addEventListener("online", look);
    const timer = window.setInterval(whenSeen, 60_000);
    return () => {
      document.removeEventListener("visibilitychange", whenSeen);
      window.removeEventListener("focus", look);
      window.removeEventListener("online", look);
      window.clearInterval(timer);
    };
  }, []);
  useEffect(() => {
    window.addEventListener("click", stay, true);
    return () => window.removeEventListener("click", stay, true);
  }, []);
  useEffect(() => {
    if (!notice?.id || notice.id === told) return;
    told = notice.id;
    show(notice.kind ?? "info", notice.text ?? "");
  }, [notice]);
  return null;
}

function show(kind: string, text: string) {
  const options = { duration: kind === "error" ? 10_000 : 4_000, closeButton: true };
  if (kind === "success") toast.success(text, options);
  else if (kind === "warning") toast.warning(text, options);
  else if (kind === "error") toast.error(text, options);
  else toast.info(text, options);
}

/** A closed websocket can't say why it is refused; this can. */
async function leaveIfEnded() {
  try {
    const answer = await fetch("/api/auth/session", { headers: { accept: "application/json" } });
    if (answer.status === 401) toLogin();
  } catch {
    // offline: what lies over every page says so
  }
}

/** While the line is lost, a link would end on the browser's own page of errors, and what is typed here with it. */
function stay(event: MouseEvent) {
  const link = (event.target as Element).closest<HTMLAnchorElement>("a[href]:not([href^='#'], [download], [target])");
  const isElsewhere = event.ctrlKey || event.metaKey || event.shiftKey || link?.origin !== location.origin;
  if (isElsewhere || !document.querySelector(".or-lost")) return;
  event.preventDefault();
  event.stopPropagation();
  show("warning", "OpenRooms does not answer. This page stays here until it does.");
}

function toLogin() {
  const { pathname, search } = window.location;
  window.location.assign(`/login?next=${encodeURIComponent(pathname + search)}`);
}
