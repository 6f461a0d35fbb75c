import type { AlertIds } from "../scores/run.ts";
import type { AlertChange } from "./alert.ts";

/** Maximum number of alert ids per kind of change in the record and in the audit event of a run. */
const MAX_IDS = 100;

/** Returns the number of ids, and the first 100. */
export function countIds(ids: readonly string[]): AlertIds {
  return { count: ids.length, ids: ids.toSorted().slice(0, MAX_IDS) };
}

/**
 * Describes what the rules changed in a run, as the payload of its audit event: per kind of change the number
 * of alerts, and the first 100 ids. Closed alerts are counted by their disposition. Undefined: nothing changed.
 */
export function describeRuleChanges(changes: readonly AlertChange[]): string | undefined {
  const byKind = new Map<string, string[]>();
  for (const { alert, events } of changes)
    for (const { kind } of events) {
      const name = kind === "resolved" ? (alert.disposition ?? kind) : kind;
      const ids = byKind.get(name) ?? [];
      byKind.set(name, ids);
      ids.push(alert.id);
    }
  if (byKind.size === 0) return undefined;
  const entries = [...byKind].map(([kind, ids]) => [kind, countIds(ids)]);
  return JSON.stringify(Object.fromEntries(entries));
}
