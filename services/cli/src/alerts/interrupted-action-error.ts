import { countText } from "@bellwether/reasons/count-text";
import type { Command } from "commander";
import { shellWord } from "../output/shell-word.ts";
import type { Interruption, Target } from "./decide-alerts.ts";

/** An action on several alerts was interrupted: some may have been changed. Names the command that continues. */
export class InterruptedActionError extends Error {
  override readonly name = "InterruptedActionError" as const;
  /** For --json. */
  readonly details: object;
  constructor({ error, unknown, unsent }: Interruption, answered: number, command: Command) {
    const next = continuation(command, [...unknown, ...unsent]);
    const counts = [
      `${countText(answered, "alert")} answered`,
      ...(unknown.length > 0 ? [`${unknown.length} unknown (the action was performed on them, or not)`] : []),
      ...(unsent.length > 0 ? [`${unsent.length} not sent`] : []),
    ];
    super(
      `${error.message}\n${counts.join(", ")}. This command continues; it performs the action at most once on each alert:\n${next}`,
      { cause: error },
    );
    const ids = (targets: readonly Target[]): string[] => targets.map(({ alertId }) => alertId);
    this.details = { answered, unknown: ids(unknown), not_sent: ids(unsent), next_command: next };
  }
}

/**
 * Returns the same command for alerts in the versions that it was based on. An action that was performed on such a
 * version is not performed again.
 */
export function continuation(command: Command, targets: readonly Target[]): string {
  const options = command.options.flatMap((option) => {
    const name = option.attributeName();
    if (name === "version" || command.getOptionValueSource(name) !== "cli") return [];
    const value: unknown = command.getOptionValue(name);
    if (value === true) return [option.long ?? ""];
    return [`${option.long} ${shellWord(value instanceof Date ? value.toISOString() : String(value))}`];
  });
  const alerts = targets.map(({ alertId, version }) => `${alertId}@${version}`);
  return ["npx bellwether alerts", command.name(), ...alerts, ...options].join(" ");
}
