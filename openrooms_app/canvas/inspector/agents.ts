/** The installation's agents as the inspector knows them: asked for when one looks, and kept while the page is open. */

import { useEffect } from "react";
import type { Json, JsonObject } from "../document/document.ts";
import { sender } from "../state/api.ts";
import { createStore } from "../state/store.ts";
import { useStore } from "../state/use-store.ts";
import { givenBy } from "./given.ts";

export type Agent = { readonly id: string; readonly name: string; readonly version: number };

type Page<T> = { readonly items: readonly T[] };
type Known = {
  /** Null until the server has told. */
  readonly agents: readonly Agent[] | null;
  /** By `name version`. */
  readonly specs: Readonly<Record<string, JsonObject>>;
};

const MOST = 200;
const known = createStore<Known>({ agents: null, specs: {} });
const send = sender("");

/** The agents there are, by name; asked for anew whenever a node is looked at. */
export function useAgents(): readonly Agent[] | null {
  useEffect(() => {
    void send<Page<Agent>>("GET", `/api/agents?limit=${MOST}`).then((reply) => {
      if (reply.kind === "ok") known.set({ ...known.get(), agents: reply.value.items });
    });
  }, []);
  return useStore(known, ({ agents }) => agents);
}

/** What a node takes over from the agent that its config names: fields of the config by name; null if there is none. */
export function useGiven(config: JsonObject): JsonObject | null {
  const agents = useStore(known, (all) => all.agents);
  const agent = agents?.find(({ name }) => name === config["agent"]);
  const version = numberOf(config["agent_version"]) ?? agent?.version;
  const key = agent && version ? `${agent.id} ${version}` : "";
  const spec = useStore(known, ({ specs }) => specs[key]);
  useEffect(() => {
    if (agent && version && !known.get().specs[key]) void load(agent.id, version, key);
  }, [agent, version, key]);
  return spec ? givenBy(spec) : null;
}

async function load(id: string, version: number, key: string): Promise<void> {
  const reply = await send<{ readonly spec: JsonObject }>("GET", `/api/agents/${id}/versions/${version}`);
  if (reply.kind === "ok") known.set({ ...known.get(), specs: { ...known.get().specs, [key]: reply.value.spec } });
}

function numberOf(value: Json | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}
