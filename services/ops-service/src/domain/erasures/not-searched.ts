/** Maximum number of names of other suppliers that can have a searched name as a part. */
export const MAX_LONGER_NAMES = 100;

/** A supplier whose name was not searched in texts about something else, because it would be found where it does not mean the supplier. */
export interface NotSearched {
  readonly supplierId: string;
  readonly why: "short" | "ordinary" | "label" | "part";
}

const WHY: Readonly<Record<NotSearched["why"], string>> = {
  short: "has fewer than three letters and digits",
  ordinary: "consists of ordinary words",
  label: "is also a region or a category",
  part: `is a part of the names of more than ${MAX_LONGER_NAMES} other suppliers`,
};

/** Says which name was not searched, and why, in one sentence. */
export function describeNotSearched({ supplierId, why }: NotSearched): string {
  return `the name of ${JSON.stringify(supplierId)} ${WHY[why]}: it was not searched in texts about something else`;
}
