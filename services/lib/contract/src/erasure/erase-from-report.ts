import type { NameEraser } from "./name-eraser.ts";

/** Members of an object about a supplier that are texts about it. */
const TEXTS: ReadonlySet<string> = new Set(["name", "supplier_name", "why"]);

/**
 * Returns a report of a week without the texts about a supplier: its name, why its alerts changed, and rejected rows that
 * have its id or one of its names as a whole. Null: the report has none.
 * @param json the report, as it is stored
 * @param erasers of the names of the supplier that can be searched in texts
 */
export function eraseFromReport(json: string, supplierId: string, erasers: readonly NameEraser[]): string | null {
  const id = patternOf(supplierId);
  let isChanged = false;
  const blank = (text: unknown): unknown => {
    if (typeof text !== "string" || text === "") return text;
    isChanged = true;
    return "";
  };
  const isQuoting = (text: unknown): boolean =>
    typeof text === "string" && (id.test(text) || erasers.some((eraser) => eraser.erase(text) !== text));
  const erase = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(erase);
    if (typeof value !== "object" || value === null) return value;
    const isAbout = "supplier_id" in value && value.supplier_id === supplierId;
    const isSample = "text" in value && "line" in value;
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => {
        if (isAbout && TEXTS.has(key)) return [key, blank(member)];
        return [key, isSample && key === "text" && isQuoting(member) ? blank(member) : erase(member)];
      }),
    );
  };
  const erased = erase(JSON.parse(json));
  return isChanged ? JSON.stringify(erased) : null;
}

/** Returns the pattern of an id as a whole: "S1" is not in "S10" and not in "S1-2". */
function patternOf(id: string): RegExp {
  const escaped = id.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  return new RegExp(`(?<![\\p{L}\\p{N}_-])${escaped}(?![\\p{L}\\p{N}_-])`, "u");
}
