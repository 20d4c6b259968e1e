/** What the room remembers, as the page has read it: entries page by page, what was searched for, and the conversation. */

import type { Reply } from "../../canvas/state/api.ts";
import { createStore } from "../../canvas/state/store.ts";
import { api, type Kept, type Search } from "../data/api.ts";
import type { ConversationTurn, Json, MemoryEntry, MemoryHit, MemoryKind } from "../data/event.ts";

export type Recalled = {
  /** null: not read yet. */
  readonly entries: readonly MemoryEntry[] | null;
  readonly hasMore: boolean;
  readonly kind: MemoryKind | null;
  readonly search: Search | null;
  /** null: not searched, or not answered yet. */
  readonly hits: readonly MemoryHit[] | null;
  readonly fault: string | null;
  readonly turns: readonly ConversationTurn[] | null;
  readonly hasOlder: boolean;
};

const BLANK: Recalled = { entries: null, hasMore: false, kind: null, search: null, hits: null, fault: null, turns: null, hasOlder: false };
const PAGE = 100;
const MOST = 1_000;

export class Recollection {
  readonly store = createStore<Recalled>(BLANK);
  private cursor: string | null = null;
  private older: string | null = null;
  private asked = 0;
  private readonly roomId: string;
  private readonly tell: (text: string) => void;

  constructor(roomId: string, tell: (text: string) => void) {
    this.roomId = roomId;
    this.tell = tell;
  }

  /** Read again as much as is shown. */
  async load(): Promise<void> {
    const { entries, kind, search, turns } = this.store.get();
    const limit = Math.min(MOST, Math.max(PAGE, entries?.length ?? 0));
    const [reply] = await Promise.all([
      api.memory(this.roomId, kind, limit, null), search ? this.look(search) : null, turns ? this.loadTurns() : null,
    ]);
    if (reply.kind !== "ok" || this.store.get().kind !== kind) return;
    this.cursor = reply.value.next_cursor;
    this.put({ entries: reply.value.items, hasMore: this.cursor !== null });
  }

  async loadMore(): Promise<void> {
    const { entries, kind } = this.store.get();
    const reply = await api.memory(this.roomId, kind, PAGE, this.cursor);
    if (reply.kind !== "ok") return this.tell(reply.detail);
    if (this.store.get().kind !== kind) return;
    this.cursor = reply.value.next_cursor;
    this.put({ entries: [...(entries ?? []), ...reply.value.items], hasMore: this.cursor !== null });
  }

  /** Show entries of this kind only. */
  async show(kind: MemoryKind | null): Promise<void> {
    const { search } = this.store.get();
    this.put({ kind, entries: null, ...(search ? { search: { ...search, kind } } : {}) });
    await this.load();
  }

  /** Look for entries; null shows all of them again. */
  async look(search: Search | null): Promise<void> {
    const number = (this.asked += 1);
    this.put({ search, fault: null, ...(search ? {} : { hits: null }) });
    if (!search) return;
    const reply = await api.search(this.roomId, search);
    if (number !== this.asked) return;
    this.put(reply.kind === "ok" ? { hits: reply.value.items, fault: null } : { hits: [], fault: reply.detail });
  }

  async remember(key: string, value: Json, kept: Kept): Promise<Reply<unknown>> {
    const reply = await api.remember(this.roomId, key, value, kept);
    if (reply.kind === "ok") await this.load();
    return reply;
  }

  async forget(key: string): Promise<void> {
    const reply = await api.forget(this.roomId, key);
    if (reply.kind !== "ok") this.tell(reply.detail);
    await this.load();
  }

  async loadTurns(): Promise<void> {
    const reply = await api.conversation(this.roomId, null);
    if (reply.kind !== "ok") return;
    this.older = reply.value.next_cursor;
    this.put({ turns: reply.value.items, hasOlder: this.older !== null });
  }

  async loadOlder(): Promise<void> {
    const reply = await api.conversation(this.roomId, this.older);
    if (reply.kind !== "ok") return this.tell(reply.detail);
    this.older = reply.value.next_cursor;
    this.put({ turns: [...(this.store.get().turns ?? []), ...reply.value.items], hasOlder: this.older !== null });
  }

  async clearConversation(): Promise<void> {
    const reply = await api.clearConversation(this.roomId);
    if (reply.kind !== "ok") this.tell(reply.detail);
    await this.loadTurns();
  }

  private put(change: Partial<Recalled>): void {
    this.store.set({ ...this.store.get(), ...change });
  }
}
