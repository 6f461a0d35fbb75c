import { unknownVariables } from "@bellwether/env/variable-names";
import { CommanderError } from "commander";
import type { CliContext } from "./context/cli-context.ts";
import { errorsOf } from "./errors/errors-of.ts";
import { ReportedError } from "./errors/reported-error.ts";
import { withoutHelpOfUnknown } from "./output/option-errors.ts";
import { printableJson, printableLines } from "./output/printable.ts";
import { createProgram } from "./program.ts";

/**
 * Runs one command, prints its output or its error, and sets the exit code of the process unless it succeeds.
 * @param words of the command line, after `bellwether`
 */
export async function runCommandLine(context: CliContext, words: readonly string[]): Promise<void> {
  for (const { name, nearest } of unknownVariables(context.env))
    console.error(
      `bellwether: the environment sets ${name}, which no program reads; ${nearest === null ? "correct its name or remove it" : `did you mean ${nearest}?`}`,
    );
  try {
    const program = await createProgram(context, words);
    await program.parseAsync([...withoutHelpOfUnknown(program, words)], { from: "user" });
  } catch (thrown) {
    // The first error is the cause. Errors while stopping are printed after it.
    const [error, ...later] = errorsOf(thrown);
    const ended = await endWithPlace(context, error);
    process.exitCode = ended.code;
    if (ended.message !== null) {
      if (!(error instanceof CommanderError)) console.error(`bellwether: ${printableLines(ended.message)}`);
      for (const other of later)
        console.error(`bellwether: then, while stopping: ${printableLines(endOf(other).message ?? "")}`);
      // Commander has printed its own message already.
      if (words.includes("--json") && !(error instanceof ReportedError))
        console.log(printableJson({ error: { kind: ended.kind, message: ended.message, ...detailsOf(error) } }));
    }
  }
}

/** Returns the fields of an error under --json in addition to its kind and message. */
function detailsOf(error: unknown): object {
  if (!(error instanceof Error) || !("details" in error)) return {};
  return typeof error.details === "object" && error.details !== null ? error.details : {};
}

/**
 * Names of the errors of wrong options, input or configuration. They are names and not classes, so that a command loads only the
 * packages that it needs.
 */
const USAGE_ERRORS: ReadonlySet<string> = new Set([
  "UsageError",
  "EnvError",
  "ConfigError",
  "InvalidConfigurationError",
  "SourceError",
  "MappingSqlError",
  "MissingInputsError",
]);

/** Returns the end of a command as `endOf` does. The message about an unknown model has the place of the registry. */
async function endWithPlace(context: CliContext, error: unknown): Promise<ReturnType<typeof endOf>> {
  const end = endOf(error);
  if (!(error instanceof Error) || error.name !== "ModelNotFoundError" || !("modelName" in error)) return end;
  const { unknownModelText } = await import("./models/unknown-model.ts");
  return { ...end, message: await unknownModelText(context, String(error.modelName)) };
}

/**
 * Returns the exit code of an error, its kind under --json and its message. The message is null after --help
 * and --version.
 */
function endOf(error: unknown): { code: number; kind: "usage" | "failure"; message: string | null } {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return { code: 0, kind: "usage", message: null };
    return { code: 2, kind: "usage", message: error.message.replace(/^error: /, "") };
  }
  const message = error instanceof Error ? error.message : String(error);
  const isUsage = error instanceof Error && USAGE_ERRORS.has(error.name);
  return isUsage ? { code: 2, kind: "usage", message } : { code: 1, kind: "failure", message };
}
