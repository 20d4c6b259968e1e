/** What stands around a control: its label, unit and help, and under it what is wrong. */

import { useId, type ReactNode } from "react";
import { CircleAlert, TriangleAlert } from "lucide-react";
import type { Problem } from "../document/problems.ts";

/** What a control must carry to belong to its label and its messages; without a label it has a name of its own. */
export type Control = {
  readonly id?: string;
  readonly "aria-label"?: string;
  readonly "aria-invalid": boolean;
  readonly "aria-describedby"?: string;
};

export type Finding = Pick<Problem, "severity" | "message">;

export type FrameProps = {
  readonly label: string;
  readonly help?: string;
  readonly unit?: string;
  readonly isRequired?: boolean;
  readonly problems?: readonly Finding[];
  /** Why what was typed is not in the document. */
  readonly fault?: string;
  /** Beside the label. */
  readonly aside?: ReactNode;
  /** The control stands before its label, as a tick box does. */
  readonly isTick?: boolean;
  readonly children: (control: Control) => ReactNode;
};

export function FieldFrame({ label, help = "", unit = "", isRequired = false, problems = [], fault = "", aside, isTick, children }: FrameProps) {
  const id = useId();
  const notes = [unit && `${id}-unit`, help && `${id}-help`, (fault || problems.length > 0) && `${id}-wrong`].filter(Boolean).join(" ");
  const isInvalid = fault !== "" || problems.some(({ severity }) => severity === "error");
  const control = { id, "aria-invalid": isInvalid, ...(notes ? { "aria-describedby": notes } : {}) };
  const words = <label htmlFor={id} className={isRequired && !isTick ? "oi-label is-required" : "oi-label"}>{label}</label>;
  return (
    <div className={isTick ? "oi-field is-tick" : "oi-field"}>
      {isTick ? (
        <div className="oi-tick">{children(control)}{words}</div>
      ) : (
        <>
          <div className="oi-labels">
            {words}
            {unit && <span id={`${id}-unit`} className="oi-unit">{unit}</span>}
            {aside}
          </div>
          {children(control)}
        </>
      )}
      {help && <Help id={`${id}-help`} text={help} />}
      {(fault || problems.length > 0) && (
        <div id={`${id}-wrong`}>
          {fault && <p className="oi-fault" role="alert">{fault}</p>}
          <Findings problems={problems} />
        </div>
      )}
    </div>
  );
}

/** A long text begins with its first paragraph; the rest is folded. */
function Help({ id, text }: { readonly id: string; readonly text: string }) {
  const [first = "", ...rest] = text.split(/\n\s*\n/);
  return (
    <>
      <p id={id} className="oi-help">{first}</p>
      {rest.length > 0 && (
        <details className="oi-more">
          <summary>More</summary>
          <p className="oi-help">{rest.join("\n\n")}</p>
        </details>
      )}
    </>
  );
}

/** The server's findings, each with its weight as a sign and in words. */
export function Findings({ problems }: { readonly problems: readonly Finding[] }) {
  return problems.map(({ severity, message }, index) => (
    <p key={index} className={severity === "error" ? "oi-finding is-error" : "oi-finding"}>
      {severity === "error" ? <CircleAlert size={13} aria-label="Error" /> : <TriangleAlert size={13} aria-label="Warning" />}
      <span>{message}</span>
    </p>
  ));
}
