import { parseJson } from "@bellwether/mesh/rest/read-body";
import { UsageError } from "../errors/usage-error.ts";

/**
 * Parses the JSON of an option, as REST parses a body: a name that is given twice is an error.
 * @param option for example "--input" @param expected what to give instead, for texts that are not JSON
 * @throws UsageError
 */
export function parseJsonOption(option: string, text: string, expected: string): unknown {
  try {
    return parseJson(text.replace(/^\ufeff/, ""));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      error instanceof SyntaxError ? `${option} is not JSON (${reason}); ${expected}` : `${option}: ${reason}`,
      { cause: error },
    );
  }
}
