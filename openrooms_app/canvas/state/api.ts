/** The REST calls that the editor makes: same origin, cookie session, JSON; every answer is a value. */

import type { Json, JsonObject } from "../document/document.ts";
import type { Problem } from "../document/problems.ts";

export type Reply<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "refused"; readonly status: number; readonly code: string; readonly detail: string; readonly body: JsonObject }
  /** No answer, or one that says to come back later. */
  | { readonly kind: "unreachable"; readonly detail: string };

export type Draft = {
  readonly id: string;
  readonly name: string;
  readonly revision: number;
  readonly draft: JsonObject;
  readonly problems: readonly Problem[];
  readonly latest_version: number | null;
  readonly saved_by_name?: string | null;
  readonly draft_matches_version?: boolean;
};

/** Why a page can't be shown; what is missing is not worth a second try. */
export type Wrong = { readonly text: string; readonly isMissing: boolean };

export function wrongOf(reply: Exclude<Reply<unknown>, { kind: "ok" }>): Wrong {
  const isMissing = reply.kind === "refused" && reply.status === 404;
  return { text: isMissing ? "It was deleted, or the address is mistyped." : reply.detail, isMissing };
}

/** Sends one request; what the address is relative to is the sender's business. */
export type Send = <T>(method: string, path: string, body?: Json, headers?: Readonly<Record<string, string>>) => Promise<Reply<T>>;

/** A sender for addresses below `base` ("" in the page, where the origin is the page's own). */
export function sender(base: string): Send {
  return async <T>(method: string, path: string, body?: Json, headers: Readonly<Record<string, string>> = {}) => {
    try {
      const response = await fetch(base + path, {
        method,
        credentials: "same-origin",
        headers: { accept: "application/json", ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return await reply<T>(response);
    } catch (error) {
      if (error instanceof TypeError) return { kind: "unreachable", detail: "The server does not answer." };
      throw error;
    }
  };
}

/** The API's own sentence is for programs. */
const ENDED = "Your session has ended. Log in again to go on.";
const LATER: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

async function reply<T>(response: Response): Promise<Reply<T>> {
  if (response.status === 204) return { kind: "ok", value: null as T };
  const text = await response.text();
  const isJson = (response.headers.get("content-type") ?? "").includes("json");
  if (response.ok) {
    if (!isJson) return { kind: "unreachable", detail: "Something else than OpenRooms answers at this address." };
    return { kind: "ok", value: JSON.parse(text) as T };
  }
  const body = isJson ? (JSON.parse(text) as JsonObject) : {};
  const detail = response.status === 401 ? ENDED : String(body["detail"] ?? body["title"] ?? `The server answered ${response.status}.`);
  if (LATER.has(response.status)) return { kind: "unreachable", detail };
  return { kind: "refused", status: response.status, code: String(body["code"] ?? response.status), detail, body };
}

/** Where to sign in again; the page comes back here afterwards. */
export function loginAddress(location: Pick<Location, "pathname" | "search">): string {
  return `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
}
