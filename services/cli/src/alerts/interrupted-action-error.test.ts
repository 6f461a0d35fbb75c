import { Command } from "commander";
import { expect, test } from "vitest";
import { InterruptedActionError } from "./interrupted-action-error.ts";

async function interrupted(words: readonly string[]): Promise<InterruptedActionError> {
  const command = new Command("comment").argument("<alerts...>").option("--version <number>").option("--end");
  command
    .option("--text <text>")
    .option("--until <time>", "", (text) => new Date(text))
    .option("--note <text>", "", "");
  await command.parseAsync(words, { from: "user" });
  const interruption = {
    error: new Error("ops-service does not answer"),
    unknown: [{ alertId: "a", version: 3n }],
    unsent: [{ alertId: "b", version: 1n }],
  };
  return new InterruptedActionError(interruption, 20, command);
}

test("an interruption counts the alerts, and names the command that continues with their versions", async () => {
  const { message, details } = await interrupted(["x", "--text", "it's signed", "--end", "--until", "2027-01-15"]);
  const next = "npx bellwether alerts comment a@3 b@1 --end --text 'it'\\''s signed' --until 2027-01-15T00:00:00.000Z";
  expect(message).toBe(
    `ops-service does not answer\n20 alerts answered, 1 unknown (the action was performed on them, or not), 1 not sent. This command continues; it performs the action at most once on each alert:\n${next}`,
  );
  expect(details).toEqual({ answered: 20, unknown: ["a"], not_sent: ["b"], next_command: next });
});
