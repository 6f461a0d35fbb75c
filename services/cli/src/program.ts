import { Command } from "commander";
import type { CliContext } from "./cli-context.ts";
import { authCommand } from "./commands/auth.ts";
import { demoCommand } from "./commands/demo.ts";
import { evaluateCommand } from "./commands/evaluate.ts";
import { explainCommand } from "./commands/explain.ts";
import { featuresCommand } from "./commands/features.ts";
import { importCommand } from "./commands/import.ts";
import { modelsCommand } from "./commands/models.ts";
import { predictCommand } from "./commands/predict.ts";
import { startCommand } from "./commands/start.ts";
import { trainCommand } from "./commands/train.ts";
import { weeklyCommand } from "./commands/weekly.ts";

/** The `bellwether` command with all its subcommands. */
export function createProgram(context: CliContext): Command {
  const program = new Command("bellwether")
    .description("Tells which suppliers are about to become a problem, why, and what would lower the risk.")
    .showHelpAfterError("(add --help for the options and examples)")
    .exitOverride();
  const commands = [
    demoCommand,
    trainCommand,
    evaluateCommand,
    featuresCommand,
    predictCommand,
    explainCommand,
    importCommand,
    modelsCommand,
    startCommand,
    authCommand,
    weeklyCommand,
  ];
  for (const build of commands) program.addCommand(build(context).copyInheritedSettings(program));
  return program;
}
