import {
  MAX_CONTRACT_TEXT_BYTES,
  MAX_ROWS,
  MAX_SUPPLIER_CATEGORIES,
  MAX_SUPPLIER_FEATURES,
  MAX_SUPPLIER_ID_BYTES,
} from "../limits.ts";
import type { FlatScore } from "./flat-score.ts";
import { type FlatSupplier, FlatSupplierError, flatSupplier } from "./flat-supplier.ts";
import { flatText } from "./flat-text.ts";

/** One row of a request: its JSON, or the reason why the row is not JSON. */
export type FlatRowText = { readonly json: unknown } | { readonly failure: string };

type RowField = { readonly field: string; readonly description: string };

/** A row as a supplier, or the reason why the row was rejected. */
export type FlatRow =
  | { readonly supplier: FlatSupplier }
  | { readonly supplierId: string; readonly reason: string; readonly message: string; readonly fields: RowField[] };

/**
 * Reads rows of flat JSON. Each row is read alone: a row that is not valid does not affect the other rows.
 * @throws FlatSupplierError when there are no rows or more than `MAX_ROWS`
 */
export function flatRows(rows: readonly FlatRowText[]): readonly FlatRow[] {
  if (rows.length === 0)
    throw new FlatSupplierError("INVALID_REQUEST", "", "the body has no rows; send at least one supplier");
  if (rows.length > MAX_ROWS)
    throw new FlatSupplierError(
      "INVALID_REQUEST",
      "",
      `the body has ${rows.length} rows; at most ${MAX_ROWS} are accepted`,
    );
  return rows.map((row): FlatRow => {
    if ("failure" in row)
      return { supplierId: "", reason: "MALFORMED_JSON", message: `the row is not JSON: ${row.failure}`, fields: [] };
    try {
      const supplier = flatSupplier(row.json);
      checkSize(supplier);
      return { supplier };
    } catch (error) {
      if (!(error instanceof FlatSupplierError)) throw error;
      const fields = error.fieldViolations.filter(({ field }) => field !== "");
      const message = error.message.replace(/^the body is/, "the row is");
      return { supplierId: idOf(row.json), reason: error.reason, message, fields };
    }
  });
}

/**
 * Checks limits of the contract for one row. Without this check, the RPC would reject all rows of the request.
 * @throws FlatSupplierError
 */
function checkSize({ supplierId, features, categories, contractText }: FlatSupplier): void {
  const idBytes = new TextEncoder().encode(supplierId).length;
  if (idBytes > MAX_SUPPLIER_ID_BYTES)
    throw tooLarge("supplier_id", `has ${idBytes} bytes; at most ${MAX_SUPPLIER_ID_BYTES} are accepted`);
  const [numbers, texts] = [Object.keys(features).length, Object.keys(categories).length];
  if (numbers > MAX_SUPPLIER_FEATURES)
    throw tooLarge("", `the row has ${numbers} numbers; at most ${MAX_SUPPLIER_FEATURES} are accepted`);
  if (texts > MAX_SUPPLIER_CATEGORIES)
    throw tooLarge("", `the row has ${texts} texts; at most ${MAX_SUPPLIER_CATEGORIES} are accepted`);
  // A UTF-16 code unit has at most three bytes in UTF-8, so a short text need not be encoded.
  if (contractText.length * 3 <= MAX_CONTRACT_TEXT_BYTES) return;
  const bytes = new TextEncoder().encode(contractText).length;
  if (bytes > MAX_CONTRACT_TEXT_BYTES)
    throw tooLarge("contract_text", `has ${bytes} bytes; at most ${MAX_CONTRACT_TEXT_BYTES} are accepted`);
}

const tooLarge = (field: string, description: string): FlatSupplierError =>
  new FlatSupplierError(field === "supplier_id" ? "SUPPLIER_ID" : "INVALID_REQUEST", field, description);

/** Maximum number of characters of a rejected row's supplier id in the answer. Longer ids are cut. */
const SHOWN_ID = 128;

function idOf(json: unknown): string {
  const id = typeof json === "object" && json !== null && "supplier_id" in json ? json.supplier_id : "";
  return typeof id === "string" ? id.slice(0, SHOWN_ID).toWellFormed() : "";
}

/** What the service answers about the rows that it received: the valid rows of `flatRows`, in the same order. */
export interface AnsweredRows {
  readonly scored: readonly { readonly row: number; readonly score: FlatScore }[];
  readonly rejected: readonly {
    readonly row: number;
    readonly reason: string;
    readonly message: string;
    readonly fields: readonly RowField[];
  }[];
  readonly version: string;
}

/** Path of a row in the contract. */
const ROW_PATH = /\bsuppliers\[\d+\]/g;
const flat = (text: string): string => flatText(text.replaceAll(ROW_PATH, "supplier"));

/** Returns the answer about all rows, with the index of each row in the request, from 0. */
export function rowsJson(rows: readonly FlatRow[], { scored, rejected, version }: AnsweredRows) {
  const sent = rows.flatMap((row, index) => ("supplier" in row ? [{ index, supplier: row.supplier }] : []));
  const unread = rows.flatMap((row, index) =>
    "supplier" in row
      ? []
      : [{ index, supplier_id: row.supplierId, reason: row.reason, message: row.message, fields: row.fields }],
  );
  const unscored = rejected.map(({ row, reason, message, fields }) => ({
    index: sent[row]?.index ?? row,
    supplier_id: sent[row]?.supplier.supplierId ?? "",
    reason,
    message: flat(message),
    fields: fields.map(({ field, description }) => ({ field: flat(field), description: flat(description) })),
  }));
  return {
    scores: scored.map(({ row, score }) => ({ index: sent[row]?.index ?? row, ...score })),
    rejected: [...unread, ...unscored].sort((a, b) => a.index - b.index),
    model_version: version,
  };
}
