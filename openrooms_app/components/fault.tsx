/** What stands in place of a page that can't be shown: why, and the ways on. */

import type { ReactNode } from "react";
import { Link } from "react-router";
import { CircleAlert, MapPinOff } from "lucide-react";
import { Button, Notice } from "./kit.tsx";

type Props = {
  readonly what: "workflow" | "room" | "run";
  readonly text: string;
  /** It is not there: to try again is of no use. */
  readonly isMissing: boolean;
  readonly to: string;
  /** Another way on. */
  readonly children?: ReactNode;
};

/** `to` is the address of the list of all. */
export function Fault({ what, text, isMissing, to, children }: Props) {
  return (
    <div role="alert" className="m-auto">
      <Notice Icon={isMissing ? MapPinOff : CircleAlert} title={isMissing ? `There is no such ${what}` : `This ${what} can't be shown`} tone={isMissing ? "text-mute" : "text-fail"} isPage>
        <p>{text}</p>
        <p className="mt-4 flex flex-wrap items-center justify-center gap-3">
          {!isMissing && <Button onClick={() => window.location.reload()}>Try again</Button>}
          {children}
          <Link to={to} className="text-accent-ink underline underline-offset-2 decoration-current/40 hover:decoration-current">All {what}s</Link>
        </p>
      </Notice>
    </div>
  );
}
