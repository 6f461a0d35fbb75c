import type { NameEraser } from "@bellwether/contract/erasure/name-eraser";

/** Members of payloads that are texts, at any depth. Other members are identifiers, and words and figures that programs write. */
const TEXTS: ReadonlySet<string> = new Set([
  "comment",
  "detail",
  "error",
  "failure",
  "message",
  "note",
  "reason",
  "summary",
  "text",
  "title",
  "why",
]);

/** Whether the payload of an event has a name in one of its texts. @param payload JSON */
export function payloadHasName(kind: string, payload: string, eraser: NameEraser): boolean {
  const isNamed = kind.startsWith("watchlist.");
  const has = (value: unknown, isText: boolean): boolean => {
    if (typeof value === "string") return isText && eraser.erase(value) !== value;
    if (Array.isArray(value)) return value.some((member) => has(member, isText));
    if (typeof value !== "object" || value === null) return false;
    return Object.entries(value).some(([key, member]) => has(member, TEXTS.has(key) || (isNamed && key === "name")));
  };
  return has(JSON.parse(payload), false);
}
