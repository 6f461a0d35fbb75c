import type { Command } from "commander";

const HELP = new Set(["-h", "--help"]);
const isFlag = (word: string): boolean => /^--?[a-z]/i.test(word);

/**
 * Makes a command report an unknown option before a missing one, because a misspelt option is both: `--wek 2026-W48` in
 * place of `--week 2026-W48`.
 */
export function reportUnknownFirst(command: Command): void {
  if (command.commands.length > 0) return;
  const parse = command.parseOptions.bind(command);
  command.parseOptions = (words) => {
    const parsed = parse(words);
    const isUnknown = parsed.unknown.some(isFlag) && !parsed.unknown.some((word) => HELP.has(word));
    // Commander checks the required options first. The unknown one ends the command in any case.
    if (isUnknown) for (const option of command.options) option.mandatory = false;
    return parsed;
  };
}

/**
 * Returns the words of a command line, without the flags for help when they name an unknown command. Commander prints
 * the help of the command above it otherwise, and ends without an error.
 */
export function withoutHelpOfUnknown(program: Command, words: readonly string[]): readonly string[] {
  let command = program;
  for (const word of words) {
    const next = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
    if (next === undefined) {
      const isUnknown =
        !word.startsWith("-") &&
        word !== "help" &&
        command.commands.length > 0 &&
        command.registeredArguments.length === 0;
      return isUnknown ? words.filter((one) => !HELP.has(one)) : words;
    }
    command = next;
  }
  return words;
}
