/** Everything by its name: commands with their keys, nodes to go to, types to add; and the choice of what to connect to. */

import { answer, MAIN } from "../document/connecting.ts";
import { nodeOf, titleOf } from "../document/document.ts";
import { TypeTile } from "../icons.tsx";
import { addInView, draw } from "../state/adding.ts";
import { offersIn, outcomesIn, typeOf } from "../state/catalogue.ts";
import { COMMANDS } from "../state/commands.ts";
import type { Editor } from "../state/editor.ts";
import { useStore } from "../state/use-store.ts";
import { goTo } from "../state/walking.ts";
import { Key } from "./key.tsx";
import { Picker, type Choice } from "./picker.tsx";

type Props = { readonly editor: Editor; readonly canEdit: boolean };

export function CommandPalette({ editor, canEdit }: Props) {
  const catalogue = useStore(editor.store, (state) => state.catalogue);
  const document = useStore(editor.store, (state) => state.history.now);
  const commands = COMMANDS.filter(({ id, isReading }) => id !== "palette" && (canEdit || isReading)).map((command): Choice => ({
    id: `command:${command.id}`,
    title: command.title,
    words: command.group,
    aside: editor.keymap.keysOf(command).slice(0, 1).map((key) => <Key key={key} name={key} />),
  }));
  const nodes = document.nodes.map((node): Choice => ({
    id: `node:${node.id}`,
    title: titleOf(node),
    detail: `Go to ${node.id}`,
    icon: <TypeTile type={node.type} icon={typeOf(catalogue, node.type)?.icon ?? ""} size={15} />,
  }));
  const offers = !canEdit ? [] : offersIn(catalogue).map(({ id, type, title, description, icon }): Choice => ({
    id: `offer:${id}`,
    title: `Add ${title}`,
    detail: description.split("\n")[0]!,
    icon: <TypeTile type={type} icon={icon} size={15} />,
  }));
  const pick = (id: string): void => {
    const [kind, name = ""] = [id.slice(0, id.indexOf(":")), id.slice(id.indexOf(":") + 1)];
    if (kind === "node") goTo(editor, { kind: "node", id: name });
    else if (kind === "offer") addInView(editor, name);
    else COMMANDS.find((command) => command.id === name)?.run(editor);
  };
  return (
    <Picker
      label="Commands and nodes"
      placeholder="Find a command or a node …"
      choices={[...commands, ...nodes, ...offers]}
      none="Nothing is called that."
      onPick={pick}
      onClose={() => editor.overlay.set(null)}
    />
  );
}

export function ConnectPicker({ editor, source }: { readonly editor: Editor; readonly source: string }) {
  const catalogue = useStore(editor.store, (state) => state.catalogue);
  const document = useStore(editor.store, (state) => state.history.now);
  const from = nodeOf(document, source);
  // What nothing leads to yet comes first: it is what most wants a connection.
  const isReached = new Set(document.transitions.map((way) => way.target));
  const led = new Set(document.transitions.filter((way) => way.source === source).map((way) => way.target));
  const rank = (id: string): number => (id === source ? 3 : led.has(id) ? 2 : isReached.has(id) ? 1 : 0);
  const choices = [...document.nodes].sort((one, other) => rank(one.id) - rank(other.id)).map((node): Choice => {
    const reply = answer(document, { source, handle: MAIN, target: node.id }, outcomesIn(catalogue));
    return {
      id: node.id,
      title: titleOf(node),
      icon: <TypeTile type={node.type} icon={typeOf(catalogue, node.type)?.icon ?? ""} size={15} />,
      ...(reply.kind === "refused" ? { refusal: reply.reason } : { detail: `on ${reply.on}` }),
    };
  });
  return (
    <Picker
      label="Connect"
      placeholder={`Connect ${from ? titleOf(from) : source} to …`}
      choices={choices}
      none="No node is called that."
      footer="Enter connects · Esc closes"
      onPick={(target) => void draw(editor, { source, handle: MAIN, target })}
      onClose={() => editor.overlay.set(null)}
    />
  );
}
