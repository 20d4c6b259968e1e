// Filters that live in the page's address: it can be bookmarked, the browser alone writes it, and typing loses no key.
import { useEffect, useRef, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { ChevronLeft, ChevronRight, Search } from "lucide-react";

const INPUT = "h-8 rounded-md border border-line-strong bg-panel text-sm text-ink placeholder:text-mute";
const PAGER = "inline-flex h-8 items-center gap-1 rounded-md border border-line bg-panel px-3 text-sm font-medium hover:bg-hover";
const AFTER_TYPING_MS = 200;
const CURSOR = "cursor";

/** What was written last and is not in the address yet: the router takes a moment, and a filter may be changed in it. */
let underWay: string | null = null;

/** The parameters after the `?`, and how to change some; a changed filter begins at the first page. */
function useParameters(): [URLSearchParams, (changes: Record<string, string>) => void] {
  const [parameters, setParameters] = useSearchParams();
  useEffect(() => {
    underWay = null;
  }, [parameters]);
  const change = (changes: Record<string, string>) => {
    const after = new URLSearchParams(underWay ?? window.location.search);
    after.delete(CURSOR);
    for (const [name, value] of Object.entries(changes)) {
      if (value) after.set(name, value);
      else after.delete(name);
    }
    underWay = after.toString();
    setParameters(after, { replace: true });
  };
  return [parameters, change];
}

function useParameter(name: string): [string, (value: string) => void] {
  const [parameters, change] = useParameters();
  return [parameters.get(name) ?? "", (value) => change({ [name]: value })];
}

export function SearchFilter({ name = "q", label = "Search" }: { name?: string; label?: string }) {
  const [value, change] = useParameter(name);
  const [text, setText] = useState("");
  const said = useRef("");
  const timer = useRef<number | undefined>(undefined);
  useEffect(() => {
    if (value === said.current) return;
    said.current = value;
    setText(value);
  }, [value]);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const type = (next: string) => {
    setText(next);
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      said.current = next.trim();
      change(said.current);
    }, AFTER_TYPING_MS);
  };
  return (
    <div className="relative w-full sm:w-64">
      <Search size={14} aria-hidden className="absolute left-2.5 top-[9px] text-mute" />
      <input type="search" value={text} placeholder={label} aria-label={label} onChange={(event) => type(event.target.value)}
        className={`${INPUT} w-full pl-8 pr-2`} />
    </div>
  );
}

type Option = { value: string; text: string };

/** The first entry, without a value, shows all; a value that is not offered is shown as `unknown`. */
export function SelectFilter({ name = "", label = "", all = "All", options = [], unknown = "" }: {
  name?: string; label?: string; all?: string; options?: Option[]; unknown?: string;
}) {
  const [value, change] = useParameter(name);
  const [shown, setShown] = useState("");
  useEffect(() => setShown(value), [value]);
  const isOffered = !shown || options.some((each) => each.value === shown);
  return (
    <select value={shown} aria-label={label} onChange={(event) => change(event.target.value)} className={`${INPUT} w-[calc(50%-4px)] px-2 sm:w-44`}>
      <option value="">{all}</option>
      {!isOffered && <option value={shown}>{unknown || shown}</option>}
      {options.map((each) => <option key={each.value} value={each.value}>{each.text}</option>)}
    </select>
  );
}

const BETWEEN = "between";

type Period = Option & { seconds: number };

/** A time up to now that moves on with it, or one between two moments, either of which may be left open. */
export function PeriodFilter({ name = "", label = "", options = [] }: { name?: string; label?: string; options?: Period[] }) {
  const [parameters, change] = useParameters();
  const value = parameters.get(name) || (parameters.has("since") || parameters.has("until") ? BETWEEN : "");
  const [shown, setShown] = useState("");
  useEffect(() => setShown(value), [value]);
  const choose = (next: string) => {
    const before = next === BETWEEN ? options.find((each) => each.value === shown) : undefined;
    change({ [name]: next, since: before ? minuteBefore(before.seconds) : "", until: "" });
  };
  return (
    <>
      <select value={shown} aria-label={label} onChange={(event) => choose(event.target.value)} className={`${INPUT} w-[calc(50%-4px)] px-2 sm:w-36`}>
        <option value="">Any time</option>
        {options.map((each) => <option key={each.value} value={each.value}>{each.text}</option>)}
        <option value={BETWEEN}>From … until …</option>
      </select>
      {shown === BETWEEN && <MomentFilter name="since" label="From" />}
      {shown === BETWEEN && <MomentFilter name="until" label="until" />}
    </>
  );
}

function minuteBefore(seconds: number): string {
  const then = Date.now() - seconds * 1_000;
  return new Date(then - (then % 60_000)).toISOString();
}

/** A local moment to the minute; the address has it in UTC, so that it means the same to whoever it is sent to. */
export function MomentFilter({ name = "", label = "" }: { name?: string; label?: string }) {
  const [value, change] = useParameter(name);
  const [text, setText] = useState("");
  const said = useRef("");
  useEffect(() => {
    if (value === said.current) return;
    said.current = value;
    setText(localMinute(value));
  }, [value]);
  const type = (next: string) => {
    setText(next);
    const date = new Date(next);
    const isWhole = !Number.isNaN(date.getTime()) && date.getFullYear() >= 1970;
    if (next && !isWhole) return;
    said.current = next ? date.toISOString() : "";
    change(said.current);
  };
  return (
    <label className="flex items-center gap-1.5 text-xs text-mute max-sm:w-full">
      <span className="max-sm:w-8">{label}</span>
      <input type="datetime-local" value={text} title={utcMinute(value)} max="9999-12-31T23:59" onChange={(event) => type(event.target.value)} className={`${INPUT} px-2 max-sm:flex-1`} />
    </label>
  );
}

/** As the browser's field takes it; empty for what is no moment. */
function localMinute(value: string): string {
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return "";
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

function utcMinute(value: string): string | undefined {
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? undefined : `${date.toISOString().replace("T", " ").slice(0, 16)} UTC`;
}

/** Ways to the first and to the next page; nothing when all is on one. */
export function Pager({ next = "" }: { next?: string | null }) {
  const [parameters] = useSearchParams();
  const [isLater, setIsLater] = useState(false);
  useEffect(() => setIsLater(parameters.has(CURSOR)), [parameters]);
  if (!isLater && !next) return null;
  const at = (cursor: string) => {
    const after = new URLSearchParams(parameters);
    if (cursor) after.set(CURSOR, cursor);
    else after.delete(CURSOR);
    return `?${after.toString()}`;
  };
  return (
    <nav aria-label="Pages" className="flex justify-end gap-2 border-t border-line px-4 py-2">
      {isLater && <Link to={at("")} className={PAGER}><ChevronLeft size={15} aria-hidden />First page</Link>}
      {next && <Link to={at(next)} className={PAGER}>Next page<ChevronRight size={15} aria-hidden /></Link>}
    </nav>
  );
}
