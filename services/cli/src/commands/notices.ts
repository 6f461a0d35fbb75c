import { setTimeout as delay } from "node:timers/promises";
import { DESTINATION_NAME_PATTERN } from "@bellwether/contract/destination-name";
import { knownNames } from "@bellwether/contract/nearest-name";
import {
  NoNoticesReason,
  type Notice,
  type NoticeDestination,
  NoticeState,
} from "@bellwether/gen/bellwether/ops/v1/notice_pb";
import { NoticeService } from "@bellwether/gen/bellwether/ops/v1/notice_service_pb";
import { Command, InvalidArgumentError, Option } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { wholeNumber } from "../input/parse-option.ts";
import {
  attemptJson,
  collectedJson,
  collectedLine,
  destinationJson,
  destinationLine,
  destinationLines,
  itemJson,
  noNoticesLine,
  noticeJson,
  noticeLine,
  noticeLines,
  noticeStateWord,
} from "../notices/notice-text.ts";
import { enumWord } from "../output/enum-word.ts";
import { printable } from "../output/printable.ts";
import { createReport } from "../output/report.ts";
import { type OpsClient, openOps } from "../remote/ops-client.ts";
import { type OpsOptions, withOps } from "../remote/shared-options.ts";

type NoticeClient = OpsClient<typeof NoticeService>;

const STATES = {
  waiting: NoticeState.WAITING,
  delivered: NoticeState.DELIVERED,
  dead: NoticeState.DEAD,
  left_out: NoticeState.LEFT_OUT,
} as const;
type StateName = keyof typeof STATES;

const PAGE_SIZE = 200;
/** How often `test` asks for the result. */
const ASK_MS = 250;

/** `bellwether notices` */
export function noticesCommand(context: CliContext): Command {
  const notices = new Command("notices").addHelpText(
    "after",
    "\nThe commands call ops-service with the token or API key in BELLWETHER_TOKEN_FILE. The role analyst may list and show" +
      "\nnotices and destinations; the role admin may also replay, test and enable. Destinations and routes are in config/notice_routes.yaml." +
      "\n\nExamples:\n  npx bellwether notices list --state dead\n  npx bellwether notices test risk-room" +
      "\n  npx bellwether notices replay --all --destination risk-room",
  );
  const commands = [
    listCommand(context),
    showCommand(context),
    replayCommand(context),
    testCommand(context),
    destinationsCommand(context),
    enableCommand(context),
  ];
  for (const command of commands) notices.addCommand(command);
  return notices;
}

function listCommand(context: CliContext): Command {
  return withOps(new Command("list"))
    .description("List notices, newest first.")
    .addOption(new Option("--state <state>", "only notices in this state").choices(Object.keys(STATES)))
    .option("--destination <name>", "only notices for this destination", destinationName)
    .option("--limit <count>", "maximum number of notices, 1 to 10000", wholeNumber(1, 10_000), 50)
    .addHelpText(
      "after",
      "\nExamples:\n  npx bellwether notices list --limit 20\n  npx bellwether notices list --state dead --destination erp --json",
    )
    .action(async (options: OpsOptions & { state?: StateName; destination?: string; limit: number }) => {
      const report = createReport(options);
      using client = openOps(context, options.ops, NoticeService);
      if (options.destination !== undefined) await checkDestination(client, options.destination);
      const { notices, isMore } = await readNotices(client, options, options.limit);
      for (const notice of notices) report.line(noticeLine(notice));
      if (notices.length === 0) report.line("no notice found");
      if (isMore) report.line(`the first ${notices.length} notices; --limit shows more`);
      // What is collected for later becomes a notice only when it is due.
      const collected =
        options.state === undefined || options.state === "waiting" ? await collecting(client, options) : [];
      for (const destination of collected) report.line(collectedLine(destination));
      report.json({
        ...{ notices: notices.map(noticeJson), truncated: isMore },
        collected: collected.map(collectedJson),
      });
    });
}

/** Returns the destinations for which changes of alerts are collected. */
async function collecting(
  { client, answer }: NoticeClient,
  { destination: name }: { readonly destination?: string },
): Promise<readonly NoticeDestination[]> {
  const { destinations } = await answer(client.listDestinations({}));
  return destinations.filter((one) => one.collected > 0 && (name === undefined || one.name === name));
}

function showCommand(context: CliContext): Command {
  return withOps(new Command("show"))
    .description("Show a notice with its suppliers and its delivery log.")
    .argument("<notice>", "id of the notice, as notices list shows it")
    .addHelpText("after", "\nExample:\n  npx bellwether notices show 0199f0c0-4a1b-7c3d-8e5f-0123456789ab")
    .action(async (noticeId: string, options: OpsOptions) => {
      const report = createReport(options);
      using client = openOps(context, options.ops, NoticeService);
      const { notice, attempts } = await client.answer(client.client.getNotice({ noticeId }));
      if (!notice) throw new Error(`no notice ${noticeId}`);
      for (const line of noticeLines(notice, attempts)) report.line(line);
      report.json({ ...noticeJson(notice), items: notice.items.map(itemJson), log: attempts.map(attemptJson) });
    });
}

function replayCommand(context: CliContext): Command {
  return withOps(new Command("replay"))
    .description(
      "Deliver dead notices (notices without further attempts) again. Each notice keeps its id and its content.",
    )
    .argument("[notice...]", "ids of dead notices")
    .option("--all", "replay all dead notices of one destination; needs --destination")
    .option("--destination <name>", "with --all: name of the destination", destinationName)
    .addHelpText(
      "after",
      "\nExamples:\n  npx bellwether notices replay 0199f0c0-4a1b-7c3d-8e5f-0123456789ab" +
        "\n  npx bellwether notices replay --all --destination risk-room",
    )
    .action(async (ids: readonly string[], options: OpsOptions & { all?: boolean; destination?: string }) => {
      const report = createReport(options);
      const { all = false, destination } = options;
      if (all === ids.length > 0) throw new UsageError("give ids of notices, or --all with --destination");
      if (all !== (destination !== undefined)) throw new UsageError("--all and --destination belong together");
      using client = openOps(context, options.ops, NoticeService);
      if (destination !== undefined) await checkDestination(client, destination);
      const chosen = destination === undefined ? ids : await deadNotices(client, destination);
      const replayed: Notice[] = [];
      for (const noticeId of chosen) {
        const { notice } = await client.answer(client.client.replayNotice({ noticeId }));
        if (!notice) continue;
        replayed.push(notice);
        report.line(`replayed: ${noticeLine(notice)}`);
      }
      if (replayed.length === 0) report.line("no dead notice found");
      report.json({ replayed: replayed.map(noticeJson) });
    });
}

function testCommand(context: CliContext): Command {
  return withOps(new Command("test"))
    .description("Send a test notice without suppliers to a destination, and wait for its delivery.")
    .argument("<destination>", "name of the destination")
    .option("--wait <seconds>", "time to wait for the delivery, 0 to 600", wholeNumber(0, 600), 30)
    .addHelpText(
      "after",
      "\nExit code 1 if the notice is not delivered in this time. Further attempts follow until the notice is delivered or dead." +
        "\n\nExample:\n  npx bellwether notices test risk-room",
    )
    .action(async (destination: string, options: OpsOptions & { wait: number }) => {
      const report = createReport(options);
      using client = openOps(context, options.ops, NoticeService);
      const sent = await client.answer(client.client.sendTestNotice({ destination }));
      const noticeId = sent.notice?.noticeId ?? "";
      const until = performance.now() + options.wait * 1_000;
      for (;;) {
        const { notice, attempts } = await client.answer(client.client.getNotice({ noticeId }));
        const isOver = notice?.state !== NoticeState.WAITING || performance.now() >= until;
        if (!notice || isOver) {
          if (notice) for (const line of noticeLines(notice, attempts)) report.line(line);
          if (notice) report.json({ ...noticeJson(notice), log: attempts.map(attemptJson) });
          if (notice?.state !== NoticeState.DELIVERED)
            throw new Error(
              `the test notice is ${noticeStateWord(notice?.state ?? NoticeState.UNSPECIFIED)}: ${notice?.reason || "no attempt has ended"}${await disabledText(client, destination)}`,
            );
          return;
        }
        await delay(ASK_MS);
      }
    });
}

/** Says that a destination is disabled, and how to enable it. Empty: it is active. */
async function disabledText(client: NoticeClient, name: string): Promise<string> {
  const { destinations } = await client.answer(client.client.listDestinations({}));
  if (!destinations.find((one) => one.name === name)?.disabledAt) return "";
  return `; the destination ${name} is disabled now and gets nothing: bellwether notices enable ${name} enables it`;
}

function destinationsCommand(context: CliContext): Command {
  return withOps(new Command("destinations"))
    .description("List the destinations: their state, which notices they get, and when. Addresses are not shown.")
    .addHelpText("after", "\nExample:\n  npx bellwether notices destinations")
    .action(async (options: OpsOptions) => {
      const report = createReport(options);
      using client = openOps(context, options.ops, NoticeService);
      const answer = await client.answer(client.client.listDestinations({}));
      const { destinations, noNoticesReason: reason, delivers } = answer;
      for (const destination of destinations) for (const line of destinationLines(destination)) report.line(line);
      if (reason !== NoNoticesReason.UNSPECIFIED) report.line(noNoticesLine(reason));
      else if (!delivers)
        report.line("this replica of ops-service delivers nothing (BELLWETHER_NOTICE_DELIVERY): others must do it");
      report.json({
        destinations: destinations.map(destinationJson),
        no_notices_reason: enumWord(NoNoticesReason, reason) || null,
        delivers,
      });
    });
}

function enableCommand(context: CliContext): Command {
  return withOps(new Command("enable"))
    .description("Enable a disabled destination again. Notices that are waiting for the destination are delivered.")
    .argument("<destination>", "name of the destination")
    .addHelpText("after", "\nExample:\n  npx bellwether notices enable risk-room")
    .action(async (name: string, options: OpsOptions) => {
      const report = createReport(options);
      using client = openOps(context, options.ops, NoticeService);
      const { destination } = await client.answer(client.client.enableDestination({ name }));
      if (!destination) return;
      report.line(destinationLine(destination));
      report.json(destinationJson(destination));
    });
}

/**
 * Checks a destination of a filter: a wrong name would select no notice. Notices of a destination that was removed from
 * the routes file can still be selected.
 * @throws UsageError with the known names
 */
async function checkDestination(client: NoticeClient, name: string): Promise<void> {
  const { destinations } = await client.answer(client.client.listDestinations({}));
  if (destinations.some((destination) => destination.name === name)) return;
  const { notices } = await client.answer(client.client.listNotices({ destination: name, pageSize: 1 }));
  if (notices.length > 0) return;
  const names = destinations.map((destination) => destination.name);
  throw new UsageError(
    names.length === 0
      ? `--destination ${printable(name)}: ops-service has no destinations (config/notice_routes.yaml)`
      : `--destination ${printable(name)} is not a destination of the routes file and has no notices; ${knownNames(name, names)}`,
  );
}

function destinationName(text: string): string {
  if (!DESTINATION_NAME_PATTERN.test(text)) throw new InvalidArgumentError("expected the name of a destination");
  return text;
}

async function readNotices(
  { client, answer }: NoticeClient,
  { state, destination = "" }: { readonly state?: StateName; readonly destination?: string },
  limit: number,
): Promise<{ readonly notices: readonly Notice[]; readonly isMore: boolean }> {
  const notices: Notice[] = [];
  const filter = { destination, state: state ? STATES[state] : NoticeState.UNSPECIFIED };
  let pageToken = "";
  do {
    const pageSize = Math.min(PAGE_SIZE, limit - notices.length);
    const page = await answer(client.listNotices({ ...filter, pageSize, pageToken }));
    notices.push(...page.notices);
    pageToken = page.nextPageToken;
  } while (pageToken !== "" && notices.length < limit);
  return { notices, isMore: pageToken !== "" };
}

/** Maximum number of notices that one `replay --all` delivers again. */
const MAX_REPLAYED = 10_000;

/** Returns the ids of the dead notices of a destination, the oldest first. */
async function deadNotices(client: NoticeClient, destination: string): Promise<readonly string[]> {
  const { notices, isMore } = await readNotices(client, { state: "dead", destination }, MAX_REPLAYED);
  if (isMore)
    console.error(`bellwether: only the newest ${MAX_REPLAYED} dead notices are replayed; repeat the command`);
  return notices.map(({ noticeId }) => noticeId).toReversed();
}
