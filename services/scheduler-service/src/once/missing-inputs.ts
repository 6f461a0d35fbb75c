import { expandInput } from "@bellwether/contract/expand-input";
import { InputNotFoundError } from "../domain/scheduler-error.ts";
import type { WeeklyRunner } from "../domain/weekly-runner.ts";

/** An input that does not exist. */
interface MissingInput {
  readonly week: string;
  readonly input: string;
}

/**
 * Returns the weeks whose input does not exist, in their order.
 * @param input path or URL; {week} and {date} in it become the week and its Monday
 * @throws DiskError, InputUnavailableError, InputRejectedError
 */
export async function missingInputs(
  runner: Pick<WeeklyRunner, "find">,
  input: string,
  weeks: readonly string[],
  signal: AbortSignal,
): Promise<readonly MissingInput[]> {
  const missing: MissingInput[] = [];
  for (const week of weeks) {
    const file = expandInput(input, week);
    try {
      await runner.find(file, signal);
    } catch (error) {
      if (!(error instanceof InputNotFoundError)) throw error;
      missing.push({ week, input: file });
    }
  }
  return missing;
}
