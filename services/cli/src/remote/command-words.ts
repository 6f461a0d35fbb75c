/** The commands that do what an RPC does which a message of a service names. */
const COMMANDS: Readonly<Record<string, string>> = {
  ListAlerts: "bellwether alerts list",
  GetAlert: "bellwether alerts show",
  ListSuppliers: "bellwether suppliers list",
  GetSupplier: "bellwether suppliers show",
  ListDestinations: "bellwether notices destinations",
  ListNotices: "bellwether notices list",
  GetNotice: "bellwether notices show",
  ListApiKeys: "bellwether keys list",
  ListSessions: "bellwether sessions list",
  ListVersions: "bellwether models list",
  ListProductionHistory: "bellwether models history",
  ImportSuppliers: "bellwether suppliers import",
  ListOutcomes: "bellwether outcomes list",
  ListReviews: "bellwether outcomes reviews",
  GetReplicaStatus: "bellwether models served",
  ExplainScore: "bellwether suppliers explain",
  FindCounterfactuals: "bellwether suppliers counterfactual",
  ListRuns: "bellwether weekly list",
  ListSchedules: "bellwether weekly status",
  TriggerRun: "bellwether weekly trigger",
  WatchProgress: "bellwether weekly watch",
  VerifyChain: "bellwether audit verify",
  EraseSubject: "bellwether audit erase",
  ListWatchlists: "bellwether watchlists list",
  ImportExternalScores: "bellwether suppliers import-scores",
  ListErasures: "bellwether audit erasures",
  ListCheckpoints: "bellwether audit checkpoints",
  ApproveRun: "bellwether weekly approve",
  VoidRun: "bellwether weekly void",
  SupersedeRun: "bellwether weekly supersede",
  ListRuleSets: "bellwether rules list",
  PutRuleDraft: "bellwether rules draft",
  QueryEvents: "bellwether audit export",
  TriggerRetrain: "bellwether retrain start",
  GetRetrain: "bellwether retrain status",
  CancelRetrain: "bellwether retrain cancel",
};

/** What the fields of requests are called in the commands. */
const FIELDS: Readonly<Record<string, string>> = {
  alert_id: "the alert",
  supplier_id: "the supplier id",
  notice_id: "the notice",
  model_name: "--model",
  model_version: "--version",
  iso_week: "--week",
  accept_losses: "--accept-losses",
  force_future: "--force-future",
  after_sequence: "the position",
  accepted_until: "--until",
  duplicate_of_alert_id: "--of",
  until_worse: "--until-worse",
  comment: "--text",
  owner: "--to",
  before_week: "--before",
  after_week: "--after",
  note: "--note",
  until: "--until",
  disposition: "--disposition",
  page_size: "--limit",
  destination: "--destination",
  watchlist_id: "the watchlist",
  history_weeks: "--weeks",
};

/** An RPC, also with its service before it: "bellwether.ops.v1.RuleService/ListRuleSets". */
const RPC = new RegExp(`\\b(?:(?:[a-z]\\w*\\.)*[A-Z]\\w*Service[/.])?(${Object.keys(COMMANDS).join("|")})\\b`, "g");
/** The field that a message begins with, with the path of its request. */
const FIRST_FIELD = /^(?:actions\[\d+\]\.)?(?:[a-z_]+\.)?([a-z][a-z_]*)(?=[: ])/;
/** Names of fields that are words of no sentence. */
const FIELD = new RegExp(
  `\\b(?:${Object.keys(FIELDS)
    .filter((name) => name.includes("_"))
    .join("|")})\\b`,
  "g",
);

/** A denial: the RPC before it may be that of another command, or one that no command is named after. */
const DENIAL = /^[\w.]+\/\w+(?= asks for the role )/;

/** Returns the message of a service with commands in place of RPCs. Its fields keep their names, as columns of a file have them. */
export const withCommandNames = (message: string): string =>
  message
    .replace(DENIAL, "this command")
    .replace(RPC, (whole, name: string) => COMMANDS[name] ?? whole)
    .replace("set on_conflict to CORRECT", "use --correct");

/**
 * Returns the message of a service in the words of the command line: commands for RPCs, options for fields.
 * @param columns names that are columns of a file in this message, and stay
 */
export function inCommandWords(message: string, columns: readonly string[] = []): string {
  const wordOf = (name: string): string | undefined => (columns.includes(name) ? undefined : FIELDS[name]);
  const inOptions = message
    .replace(FIRST_FIELD, (whole, name: string) => (message[whole.length] === ":" ? (wordOf(name) ?? whole) : whole))
    .replace(FIELD, (name) => wordOf(name) ?? name);
  return withCommandNames(inOptions);
}
