/**
 * Outputs pinned for trying out, by node: kept in this browser, never in the draft, so that no version has them.
 * They go along with a run only where somebody lets them, and that run is a trial for good.
 */

import type { Json, JsonObject, WorkflowDocument } from "../document/document.ts";
import { canPin } from "../document/trial.ts";
import { createStore, type Store } from "./store.ts";

type Place = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export class Pins {
  readonly store: Store<JsonObject>;
  private readonly place: Place;
  private readonly key: string;

  constructor(place: Place, workflowId: string) {
    this.place = place;
    this.key = `openrooms.pins.${workflowId}`;
    this.store = createStore<JsonObject>(read(place, this.key));
  }

  has(node: string): boolean {
    return Object.hasOwn(this.store.get(), node);
  }

  /** Give a node this output; false when the browser can't keep it, which does not harm this visit. */
  pin(node: string, output: Json): boolean {
    return this.put({ ...this.store.get(), [node]: output });
  }

  unpin(node: string): boolean {
    const { [node]: _gone, ...others } = this.store.get();
    return this.put(others);
  }

  /** The node has another id now. */
  rename(from: string, to: string): void {
    const { [from]: output, ...others } = this.store.get();
    if (output !== undefined) this.put({ ...others, [to]: output });
  }

  /** Those that a run of this document can take. */
  within(document: WorkflowDocument): JsonObject {
    const pinned = document.nodes.filter((node) => canPin(node) && this.has(node.id));
    return Object.fromEntries(pinned.map(({ id }) => [id, this.store.get()[id]!]));
  }

  private put(pins: JsonObject): boolean {
    this.store.set(pins);
    try {
      if (Object.keys(pins).length) this.place.setItem(this.key, JSON.stringify(pins));
      else this.place.removeItem(this.key);
      return true;
    } catch {
      return false;
    }
  }
}

/** Only what is there and well formed; a storage that is forbidden holds nothing. */
function read(place: Place, key: string): JsonObject {
  try {
    const raw: unknown = JSON.parse(place.getItem(key) ?? "{}");
    return raw !== null && typeof raw === "object" && !Array.isArray(raw) ? (raw as JsonObject) : {};
  } catch {
    return {};
  }
}
