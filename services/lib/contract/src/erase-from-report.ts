/** Members of an object about a supplier that are texts about it. */
const TEXTS: ReadonlySet<string> = new Set(["name", "supplier_name", "why"]);

/**
 * Returns a report of a week without the texts about a supplier: its name, why its alerts changed, and rejected rows that
 * have its id or its name. Null: the report has none.
 * @param json the report, as it is stored
 * @param supplierId empty: only the name is erased
 * @param name empty: not known
 */
export function eraseFromReport(json: string, supplierId: string, name: string): string | null {
  const names = [supplierId, name].filter((text) => text !== "");
  let isChanged = false;
  const blank = (text: unknown): unknown => {
    if (typeof text !== "string" || text === "") return text;
    isChanged = true;
    return "";
  };
  const erase = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(erase);
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value);
    const isAbout =
      supplierId !== "" && entries.some(([key, member]) => key === "supplier_id" && member === supplierId);
    const isSample = "text" in value && "line" in value;
    return Object.fromEntries(
      entries.map(([key, member]) => {
        if (isAbout && TEXTS.has(key)) return [key, blank(member)];
        const quotes = isSample && key === "text" && names.some((one) => String(member).includes(one));
        return [key, quotes ? blank(member) : erase(member)];
      }),
    );
  };
  const erased = erase(JSON.parse(json));
  return isChanged ? JSON.stringify(erased) : null;
}
