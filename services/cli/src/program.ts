import { Command } from "commander";
import cli from "../package.json" with { type: "json" };
import type { CliContext } from "./context/cli-context.ts";
import { reportUnknownFirst } from "./output/option-errors.ts";
import { visibleOptions } from "./output/option-order.ts";

interface CommandEntry {
  readonly description: string;
  readonly load: () => Promise<(context: CliContext) => Command>;
}

/** All commands. The code of a command is loaded when the command is called: loading all of them takes about a second. */
const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  demo: {
    description: "Generate demo data as CSV files: suppliers, transactions, contracts and one weekly file.",
    load: async () => (await import("./commands/demo.ts")).demoCommand,
  },
  init: {
    description:
      "Draft the model configuration, the feature mapping and a scorecard for a new data set. The input is a table, with or without a label: a column that says whether the risk event happened.",
    load: async () => (await import("./commands/init.ts")).initCommand,
  },
  scorecard: {
    description:
      "Check and publish a scorecard: points for ranges and categories of features, for suppliers without labels.",
    load: async () => (await import("./commands/scorecard.ts")).scorecardCommand,
  },
  train: {
    description:
      "Train a model on a data set, evaluate it on the test rows and compare it with the baseline (the best single feature). With --publish, the command adds the model to the model registry.",
    load: async () => (await import("./commands/train.ts")).trainCommand,
  },
  evaluate: {
    description:
      "Evaluate a published model version on the test rows of a data set and compare it with the baseline (the best single feature).",
    load: async () => (await import("./commands/evaluate.ts")).evaluateCommand,
  },
  features: {
    description: "Print the newest feature values of one supplier as JSON, in the form that predict and explain read.",
    load: async () => (await import("./commands/features.ts")).featuresCommand,
  },
  predict: {
    description:
      "Score one supplier or a file of suppliers with a model of the model registry. With --url, a running service scores one supplier.",
    load: async () => (await import("./commands/predict.ts")).predictCommand,
  },
  explain: {
    description:
      "Explain the score of one supplier: the base value, the contribution of each feature, and the narrative (the score in sentences).",
    load: async () => (await import("./commands/explain.ts")).explainCommand,
  },
  change: {
    description:
      "Explain the change between two scores of a supplier. For each feature, the command shows how much of the change follows from the data and how much from the model version.",
    load: async () => (await import("./commands/change.ts")).changeCommand,
  },
  counterfactual: {
    description: "Find the smallest changes of a supplier's features that lower the band of its score.",
    load: async () => (await import("./commands/counterfactual.ts")).counterfactualCommand,
  },
  import: {
    description:
      "Import a tree model that was trained with another library. The model is published only if Bellwether and ONNX Runtime compute the same outputs for it.",
    load: async () => (await import("./commands/import.ts")).importCommand,
  },
  models: {
    description:
      "List, show, compare, promote, roll back, sign and remove published model versions, and show which version each replica serves.",
    load: async () => (await import("./commands/models.ts")).modelsCommand,
  },
  start: {
    description:
      "Start all services on this machine. If the registry has no model, the command first trains a model on demo data. If no weekly run is complete, the command scores the weekly file in WEEKLY_INPUT_FOLDER (default: the demo data, if this data folder has them, else the current folder).",
    load: async () => (await import("./commands/start.ts")).startCommand,
  },
  auth: {
    description:
      "Create a key pair, and create tokens for callers of the services. The services verify the tokens with the public key.",
    load: async () => (await import("./commands/auth.ts")).authCommand,
  },
  keys: {
    description: "Create, list and revoke API keys. Programs call the services with an API key.",
    load: async () => (await import("./commands/keys.ts")).keysCommand,
  },
  sessions: {
    description: "List and end the sessions of people who are signed in.",
    load: async () => (await import("./commands/sessions.ts")).sessionsCommand,
  },
  alerts: {
    description: "List, show, change and export alerts.",
    load: async () => (await import("./commands/alerts.ts")).alertsCommand,
  },
  rules: {
    description:
      "List and show the rule sets that create alerts, draft changes of them, test a draft on past weeks, activate it, and show who changed what.",
    load: async () => (await import("./commands/rules.ts")).rulesCommand,
  },
  suppliers: {
    description: "Find and show suppliers, and import and export their master data.",
    load: async () => (await import("./commands/suppliers.ts")).suppliersCommand,
  },
  watchlists: {
    description: "Keep lists of suppliers that you watch, private or shared, and show their latest scores.",
    load: async () => (await import("./commands/watchlists.ts")).watchlistsCommand,
  },
  outcomes: {
    description:
      "Record, import, correct and list outcomes: what happened to suppliers after they were scored. List the random suppliers that people have to check.",
    load: async () => (await import("./commands/outcomes.ts")).outcomesCommand,
  },
  performance: {
    description:
      "Show how well the scores of complete weeks match the known outcomes: per week, version and segment, and in comparison with predictions that need no model.",
    load: async () => (await import("./commands/performance.ts")).performanceCommand,
  },
  retrain: {
    description:
      "Start, watch and cancel retrains, and show the last ones. A retrain trains a new version from weekly runs and outcomes in the scheduler.",
    load: async () => (await import("./commands/retrain.ts")).retrainCommand,
  },
  notices: {
    description:
      "List, show and replay notices (messages about alerts), and list, test and enable the destinations of notices.",
    load: async () => (await import("./commands/notices.ts")).noticesCommand,
  },
  delegation: {
    description: "Hand alerts to a deputy while their owner is away, and list and end such delegations.",
    load: async () => (await import("./commands/delegation.ts")).delegationCommand,
  },
  audit: {
    description:
      "Verify and export the audit log, print its checkpoints and its public key, and compute recorded decisions again. The command verifies an export without a service.",
    load: async () => (await import("./commands/audit.ts")).auditCommand,
  },
  retention: {
    description:
      "Show how long each kind of data is kept and what was removed, and the oldest kept week of each model.",
    load: async () => (await import("./commands/retention.ts")).retentionCommand,
  },
  weekly: {
    description:
      "Start, check, correct and report weekly runs, and control their schedule. A weekly run scores all suppliers of one week and creates the alerts.",
    load: async () => (await import("./commands/weekly.ts")).weeklyCommand,
  },
};

/**
 * Builds the `bellwether` command. The subcommand that `words` contains has its options and its action; the other subcommands have
 * a name and a description only, for the list in --help.
 */
export async function createProgram(context: CliContext, words: readonly string[]): Promise<Command> {
  const program = new Command("bellwether")
    .description("Predict which suppliers are likely to become high risk, and explain why.")
    .version(cli.version)
    .addHelpText(
      "after",
      "\nHelp for a command, for example: npx bellwether train --help\n\nEnvironment variables that several commands read. Full list of variables: config/example.env\n" +
        "  MODEL_REGISTRY_URL     model registry: file:FOLDER (relative to the current folder), s3://BUCKET/PREFIX or azure://CONTAINER/PREFIX, see docs/registry.md (default: file:models)\n" +
        "  BELLWETHER_MODEL       name of the model (default: supplier-risk)\n" +
        "  BELLWETHER_DATA_DIR    data folder: databases, keys and weekly reports, relative to the current folder (default: .bellwether)\n" +
        "  BELLWETHER_TOKEN_FILE  file with the token or API key for calls to the services (default: none)\n\n" +
        "Exit codes:\n" +
        "  0  success\n" +
        "  1  failure: for example an unknown id, a service that does not answer, or rejected rows of a file\n" +
        "  2  wrong options, input or configuration: for example an unknown feature, a file that does not exist, or an invalid variable or file of config/; nothing was done",
    )
    // `alerts resolve --version N` is an option of the subcommand.
    .enablePositionalOptions()
    .configureHelp({ visibleOptions })
    .showHelpAfterError(
      "(add --help to a command for its options and examples; npx bellwether --help lists the commands)",
    )
    .exitOverride();
  for (const [name, { description, load }] of Object.entries(COMMANDS)) {
    const command = words.includes(name) ? (await load())(context) : new Command(name);
    program.addCommand(withSettingsOf(program, command.description(description)));
  }
  return program;
}

/** Gives a command and all its subcommands the settings of the program: help, suggestions, and how errors end. */
function withSettingsOf(program: Command, command: Command): Command {
  for (const one of command.commands) withSettingsOf(program, one);
  reportUnknownFirst(command);
  return command.copyInheritedSettings(program);
}
