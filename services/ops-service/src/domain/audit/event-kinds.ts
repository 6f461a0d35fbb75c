import { AuditKindError } from "../ops-error.ts";

/** The kinds that each caller may report: for example "ml-service" to ["prediction.*", "call.refused"]. */
export type KindsOfCallers = ReadonlyMap<string, readonly string[]>;

/**
 * Kinds that only ops-service records, in the same transaction as the change. A name with ".*" means all kinds with
 * this prefix.
 */
const OWN_KINDS = [
  ...[
    "alert.*",
    "alerts.*",
    "audit.*",
    "delegation.*",
    "destination.*",
    "events.missing",
    "external_scores.*",
    "key.*",
    "notice.*",
    "outcomes.*",
  ],
  ...["retention.late_scores_removed", "retention.notes_erased", "retention.payloads_erased"],
  ...[
    "retention.reports_removed",
    "retention.scores_removed",
    "rule.*",
    "rules.*",
    "run.*",
    "sign_in.*",
    "subject.*",
    "suppliers.*",
    "watchlist.*",
  ],
];

/**
 * @param kinds Kinds by caller. Empty: each caller may report all kinds except those of ops-service. Otherwise only
 * the callers in this map may report events.
 * @throws AuditKindError
 */
export function checkKind(kind: string, caller: string, kinds: KindsOfCallers): void {
  if (OWN_KINDS.some((own) => matches(kind, own)))
    throw new AuditKindError(kind, caller, "only ops-service records them, when they happen");
  if (kinds.size === 0) return;
  const allowed = kinds.get(caller);
  const list = allowed === undefined ? "it is not named there" : `only ${allowed.join(", ")} there`;
  if (!allowed?.some((pattern) => matches(kind, pattern)))
    throw new AuditKindError(kind, caller, `BELLWETHER_AUDIT_KINDS of ops-service does not allow it (${list})`);
}

/** Reads "ml=prediction.*,call.refused;scheduler=model.*", in the form that its variable was checked for. */
export function kindsOfCallers(text: string): KindsOfCallers {
  const entries = text.split(";").filter(Boolean);
  return new Map(
    entries.map((entry) => {
      const at = entry.lastIndexOf("=");
      return [entry.slice(0, at), entry.slice(at + 1).split(",")];
    }),
  );
}

function matches(kind: string, pattern: string): boolean {
  return pattern.endsWith(".*") ? kind.startsWith(pattern.slice(0, -1)) : kind === pattern;
}
