/** The inspector's small parts: its head, groups that fold, buttons. */

import type { ButtonHTMLAttributes, ReactNode } from "react";
import type { LucideIcon } from "lucide-react";

type HeaderProps = { readonly icon: ReactNode; readonly title: string; readonly detail: string; readonly help?: string };

export function Header({ icon, title, detail, help }: HeaderProps) {
  return (
    <header className="oi-header" title={help}>
      {icon}
      <div className="oi-words">
        <h2>{title}</h2>
        <p>{detail}</p>
      </div>
    </header>
  );
}

type GroupProps = {
  readonly title: string;
  readonly isOpen?: boolean;
  /** In short what is inside, seen also when folded. */
  readonly hint?: string;
  readonly children: ReactNode;
};

export function Group({ title, isOpen = true, hint = "", children }: GroupProps) {
  return (
    <details className="oi-group" open={isOpen}>
      <summary>
        <h3>{title}</h3>
        {hint && <span className="oi-hint">{hint}</span>}
      </summary>
      <div className="oi-fields">{children}</div>
    </details>
  );
}

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & { readonly Icon: LucideIcon };

export function TextButton({ Icon, children, className = "", ...rest }: ButtonProps) {
  return (
    <button type="button" {...rest} className={`oi-button ${className}`}>
      <Icon size={14} aria-hidden />
      {children}
    </button>
  );
}

export function IconButton({ Icon, label, ...rest }: ButtonProps & { readonly label: string }) {
  return (
    <button type="button" {...rest} className="oi-icon" title={label} aria-label={label}>
      <Icon size={14} aria-hidden />
    </button>
  );
}
