import type { FormEvent } from "react";
import { ALL_EVENTS, type AuditView, auditViewOf } from "../routing/record-views.ts";
import { goTo, hrefOf } from "../routing/route.ts";

const FIELDS = [
  ["actor", "Who", "text", "ada"],
  ["kind", "What", "text", "alert.resolved"],
  ["subject", "About", "text", "S-1000"],
  ["from", "From", "date", ""],
  ["to", "To", "date", ""],
] as const;

/** The conditions of the listed events, which apply when the form is sent. Texts must match as a whole. */
export function AuditFilters({ view, kinds }: { view: AuditView; kinds: readonly string[] }) {
  const apply = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const texts = FIELDS.map(([name]) => [name, String(fields.get(name) ?? "").trim()]);
    goTo({ page: "audit", ...auditViewOf(new URLSearchParams(texts)), after: view.after });
  };
  return (
    // Another view, for example after "back", has its own texts.
    <form key={hrefOf({ page: "audit", ...view })} className="filters" aria-label="Filter events" onSubmit={apply}>
      {FIELDS.map(([name, label, type, example]) => (
        <label key={name} className="note">
          {label}
          <input
            name={name}
            type={type}
            defaultValue={view[name]}
            placeholder={example}
            maxLength={256}
            list={name === "kind" ? "audit-kinds" : undefined}
          />
        </label>
      ))}
      <datalist id="audit-kinds">
        {kinds.map((kind) => (
          <option key={kind} value={kind} />
        ))}
      </datalist>
      <button type="submit" className="primary">
        Show
      </button>
      {FIELDS.some(([name]) => view[name] !== "") && <a href={hrefOf({ page: "audit", ...ALL_EVENTS })}>Show all</a>}
    </form>
  );
}
