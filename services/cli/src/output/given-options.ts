import type { Command } from "commander";
import { shellWord } from "./shell-word.ts";

/** Options of `bellwether weekly` that a further command of the same person needs too. */
type Name = "config" | "mapping" | "ml" | "ops" | "scheduler" | "model";

/**
 * The options with which a command was called. Options from the environment are left out, because the next command
 * reads them too.
 */
export type GivenOptions = Readonly<Partial<Record<Name, string>>>;

const NAMES: readonly Name[] = ["config", "mapping", "ml", "ops", "scheduler", "model"];

/** Options of each command of `bellwether weekly` that messages name. */
const OPTIONS_OF = {
  run: ["config", "mapping", "model", "ml", "ops"],
  trigger: ["model", "scheduler"],
  resume: ["model", "scheduler"],
  approve: ["model", "ops"],
  void: ["model", "ops"],
  supersede: ["model", "ops"],
} as const satisfies Record<string, readonly Name[]>;

/** Returns the options that were given on the command line. */
export function givenOptions(command: Command): GivenOptions {
  const given = NAMES.filter((name) => command.getOptionValueSource(name) === "cli");
  return Object.fromEntries(given.map((name) => [name, String(command.getOptionValue(name))]));
}

/**
 * Returns a command of `bellwether weekly` that can be pasted into a shell, with the given options that it has.
 * @param args arguments behind the name of the command, as they are written in a shell
 */
export function weeklyCommandText(name: keyof typeof OPTIONS_OF, args: string, given: GivenOptions): string {
  const options = OPTIONS_OF[name].flatMap((option) => {
    const value = given[option];
    return value === undefined ? [] : [`--${option} ${shellWord(value)}`];
  });
  return ["npx bellwether weekly", name, args, ...options].filter((part) => part !== "").join(" ");
}
