import { type Command, Option } from "commander";

/**
 * Adds the former name of an option. --help does not show it, and a call with it is an error that names the new option.
 * @param old the former name, for example "--out"
 * @param now the new option, for example "--output DIR"
 */
export function withFormerName(command: Command, old: string, now: string): Command {
  return command
    .addOption(new Option(`${old} [value]`).hideHelp())
    .on(`option:${old.slice(2)}`, () => command.error(`error: ${old} has a new name: use ${now}`));
}
