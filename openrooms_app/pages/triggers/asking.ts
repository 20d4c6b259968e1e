/** What the forms of webhooks and subscriptions send and get: a key is in an answer and in the page, and nowhere else. */

import { sender } from "../../canvas/state/api.ts";
import type { Json } from "../../canvas/document/document.ts";

export type Choice = { readonly value: string; readonly text: string };
export type OpenedHook = { readonly hook: { readonly signing: string }; readonly url: string; readonly secret: string | null };
export type OpenedSubscription = { readonly secret: string };

const send = sender("");

/** The answer, or in words why there is none. */
export async function asked<T>(method: string, path: string, body?: Json): Promise<T | string> {
  const reply = await send<T>(method, path, body);
  return reply.kind === "ok" ? reply.value : reply.detail;
}

/** What a text area of JSON holds; null when it is empty. */
export function jsonIn(text: string): { readonly value: Json } | string {
  if (!text.trim()) return { value: null };
  try {
    return { value: JSON.parse(text) as Json };
  } catch (error) {
    return `This is no JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Addresses begin with the installation's own; where it does not know one, with the page's. */
export function absolute(url: string): string {
  return url.startsWith("/") ? window.location.origin + url : url;
}

/** A call that works as it stands: it signs what it sends, where calls are signed. */
export function curlFor({ hook, url, secret }: OpenedHook): string {
  const address = absolute(url);
  const body = `'{"hello": "world"}'`;
  if (hook.signing === "openrooms")
    return [
      `KEY='${secret}'`,
      `ID=order-4711 BODY=${body} T=$(date +%s)`,
      `SIGNATURE=$(printf '%s' "$T.$ID.$BODY" | openssl dgst -sha256 -hmac "$KEY" | sed 's/.* //')`,
      `curl -X POST '${address}' -H 'Content-Type: application/json' \\`,
      `  -H "X-OpenRooms-Delivery: $ID" -H "X-OpenRooms-Signature: t=$T,v1=$SIGNATURE" -d "$BODY"`,
    ].join("\n");
  if (hook.signing === "github")
    return [
      `KEY='${secret}'`,
      `BODY=${body}`,
      `SIGNATURE=$(printf '%s' "$BODY" | openssl dgst -sha256 -hmac "$KEY" | sed 's/.* //')`,
      `curl -X POST '${address}' -H 'Content-Type: application/json' \\`,
      `  -H "X-GitHub-Delivery: order-4711" -H "X-Hub-Signature-256: sha256=$SIGNATURE" -d "$BODY"`,
    ].join("\n");
  return [
    `curl -X POST '${address}' -H 'Content-Type: application/json' \\`,
    `  -H 'X-OpenRooms-Delivery: order-4711' -d ${body}`,
  ].join("\n");
}
