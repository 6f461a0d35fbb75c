import { textFromCell } from "@bellwether/contract/csv-cell";
import { cleanId } from "@bellwether/contract/supplier-id";
import { Criticality } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import type { MasterDataRowSchema } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { IDENTIFIER_PREFIX, SHARED_COLUMN } from "./master-data-columns.ts";

/** A rule that a row breaks. */
export interface RowProblem {
  readonly field: string;
  readonly value: string;
  readonly reason: string;
}

export interface RowOptions {
  /** Whether an empty cell removes the value; otherwise it does not change it. */
  readonly emptyClears: boolean;
}

const CRITICALITIES: Readonly<Record<string, Criticality>> = {
  low: Criticality.LOW,
  normal: Criticality.NORMAL,
  high: Criticality.HIGH,
  critical: Criticality.CRITICAL,
};

/** The bound of the texts of MasterDataRow. */
const MAX_CELL_BYTES = 4_096;
/** Number of characters of a too long cell that a report repeats. */
const SHOWN_CHARACTERS = 80;

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

/** Converts the cells of a row to a row of the request, or returns what is wrong. */
export function masterDataRow(
  cells: ReadonlyMap<string, string>,
  { emptyClears }: RowOptions,
): { readonly row: MessageInitShape<typeof MasterDataRowSchema>; readonly problems: readonly RowProblem[] } {
  const problems = [...cells].flatMap(([column, text]) => tooLong(column, text));
  if (problems.length > 0) return { row: {}, problems };
  const textOf = (column: string): string => textFromCell(cells.get(column) ?? "");
  const shared = (column: string): string | undefined => {
    const text = textOf(column);
    return text === "" && !(emptyClears && cells.has(column)) ? undefined : text;
  };
  const exposure = exposureOf(textOf("exposure"), problems);
  const level = textOf("criticality").toLowerCase();
  const criticality = Object.hasOwn(CRITICALITIES, level) ? CRITICALITIES[level] : undefined;
  if (level !== "" && criticality === undefined)
    problems.push({
      field: "criticality",
      value: textOf("criticality"),
      reason: "is not a criticality; expected low, normal, high or critical",
    });
  const [name, region, category, owner] = ["name", "region", "category", "owner"].map(shared);
  const sharedKinds = textOf(SHARED_COLUMN)
    .split(/[\s,;]+/)
    .filter((kind) => kind !== "");
  const identifiers = [...cells.keys()]
    .filter((column) => column.startsWith(IDENTIFIER_PREFIX))
    .map((column) => {
      const kind = column.slice(IDENTIFIER_PREFIX.length);
      return { kind, value: textOf(column), shared: sharedKinds.includes(kind) };
    })
    .filter(({ value }) => value !== "" || emptyClears);
  const unknown = sharedKinds.find((kind) => !identifiers.some((one) => one.kind === kind && one.value !== ""));
  if (unknown !== undefined)
    problems.push({
      field: SHARED_COLUMN,
      value: unknown,
      reason: "is not a kind of identifier that has a value in this row",
    });
  return {
    row: {
      supplierId: cleanId(textFromCell(cells.get("supplier_id") ?? "")),
      ...(name !== undefined && { name }),
      ...(region !== undefined && { region }),
      ...(category !== undefined && { category }),
      ...(owner !== undefined && { owner }),
      ...(exposure !== undefined && { exposure }),
      ...(exposure === undefined && emptyClears && cells.has("exposure") && { clearExposure: true }),
      currency: textOf("currency"),
      ...(criticality !== undefined && { criticality }),
      identifiers,
    },
    problems,
  };
}

/** A longer cell would let the server reject the whole request. */
function tooLong(column: string, text: string): RowProblem[] {
  if (Buffer.byteLength(text) <= MAX_CELL_BYTES) return [];
  const field = column.startsWith(IDENTIFIER_PREFIX) ? `identifiers.${column.slice(IDENTIFIER_PREFIX.length)}` : column;
  return [{ field, value: `${text.slice(0, SHOWN_CHARACTERS)}…`, reason: `is longer than ${MAX_CELL_BYTES} bytes` }];
}

function exposureOf(text: string, problems: RowProblem[]): number | undefined {
  if (text === "") return undefined;
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  if (value >= 0 && Number.isFinite(value)) return value;
  problems.push({
    field: "exposure",
    value: text,
    reason: Number.isNaN(value)
      ? 'is not a number such as 1250000.50, without separators of thousands and with "." before the decimals'
      : "is not an amount of money from 0 to 10^15",
  });
  return undefined;
}
