import { type FlatSupplier, FlatSupplierError, flatSupplier } from "@bellwether/contract/flat-json/flat-supplier";
import { flatText } from "@bellwether/contract/flat-json/flat-text";
import type { ScoringModel } from "@bellwether/scoring/model/scoring-model";
import { InvalidSupplierError, type SupplierScore, scoreSupplier } from "@bellwether/scoring/score/score-supplier";
import { UsageError } from "../errors/usage-error.ts";
import { readInput } from "./read-input.ts";

/**
 * Reads the supplier in an option, parsed and as the JSON that was given.
 * @param option for example "--input"
 * @throws UsageError that names the option and the invalid field
 */
export async function readSupplier(
  option: string,
  input: string,
  cwd: string,
): Promise<{ readonly json: unknown; readonly supplier: FlatSupplier }> {
  const json = await readInput(option, input, cwd);
  try {
    return { json, supplier: flatSupplier(json) };
  } catch (error) {
    throw error instanceof FlatSupplierError ? new UsageError(`${option}: ${error.message}`) : error;
  }
}

/**
 * Scores a supplier of flat JSON. @throws UsageError that names the fields of flat JSON, when the model does not
 * accept the supplier
 */
export async function scoreFlatSupplier(model: ScoringModel, supplier: FlatSupplier): Promise<SupplierScore> {
  try {
    return await scoreSupplier(model, { ...supplier, text: supplier.contractText }, "supplier");
  } catch (error) {
    throw error instanceof InvalidSupplierError ? new UsageError(flatText(error.message), { cause: error }) : error;
  }
}
