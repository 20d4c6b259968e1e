// A button that asks the server for something is busy until the answer comes: it says so, and can't be pressed once more.
import { useEffect } from "react";

/** An answer that was lost with its line holds no button for longer. */
const LONGEST_MS = 10_000;

const held = new Map<Element, number>();

/** `answered` grows with every event that the server has handled. */
export function Pressed({ answered = 0 }: { answered?: number }) {
  useEffect(() => {
    window.addEventListener("click", press, true);
    window.addEventListener("submit", send, true);
    return () => {
      window.removeEventListener("click", press, true);
      window.removeEventListener("submit", send, true);
    };
  }, []);
  useEffect(() => [...held.keys()].forEach(release), [answered]);
  return null;
}

function press(event: MouseEvent): void {
  const button = (event.target as Element).closest("button[data-sends]:not([type=submit])");
  if (button) hold(button, event);
}

/** A form that is not filled in is not sent, so it is not the press that counts. */
function send(event: SubmitEvent): void {
  if (event.submitter?.matches("[data-sends]")) hold(event.submitter, event);
}

function hold(button: Element, event: Event): void {
  if (held.has(button)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  button.ariaBusy = "true";
  held.set(button, window.setTimeout(() => release(button), LONGEST_MS));
}

function release(button: Element): void {
  window.clearTimeout(held.get(button));
  held.delete(button);
  button.ariaBusy = null;
}
