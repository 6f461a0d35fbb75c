import { SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { WatchlistService, WatchlistVisibility } from "@bellwether/gen/bellwether/ops/v1/watchlist_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { createReport } from "../output/report.ts";
import { type OpsClient, openOps } from "../remote/ops-client.ts";
import { OPS_MODEL_FLAG, type OpsOptions, withOps } from "../remote/shared-options.ts";
import { supplierJson } from "../suppliers/supplier-text.ts";
import { findWatchlist, watchedLine, watchlistJson, watchlistLine } from "../watchlists/watchlist-text.ts";

const TIMEOUT_MS = 10_000;
const PAGE_SIZE = 200;
const WHICH = "name or id of the list, as watchlists list shows them";

interface ListTexts extends OpsOptions {
  readonly note?: string;
  readonly shared?: boolean;
}

/** `bellwether watchlists` */
export function watchlistsCommand(context: CliContext): Command {
  const open = ({ ops }: OpsOptions) => openOps(context, ops, WatchlistService);

  const create = withOps(new Command("create"))
    .description("Create a list without suppliers. Creating the same list again changes nothing.")
    .argument("<name>", "name of the list, different from your other lists")
    .option("--note <text>", "why the suppliers are watched")
    .option("--shared", "show the list to everybody (default: only to you)")
    .addHelpText(
      "after",
      "\nExample:\n  npx bellwether watchlists create 'Castings 2027' --note 'contracts end in March'",
    )
    .action(async (name: string, options: ListTexts) => {
      const report = createReport(options);
      using ops = open(options);
      const visibility = visibilityOf(options.shared ?? false);
      const request = { name, note: options.note ?? "", visibility };
      const { watchlist } = await ops.answer(ops.client.createWatchlist(request, { timeoutMs: TIMEOUT_MS }));
      if (!watchlist) return;
      report.line(watchlistLine(watchlist));
      report.json(watchlistJson(watchlist));
    });

  const add = withOps(new Command("add"))
    .description("Add suppliers to a list. Either all suppliers are added, or none.")
    .argument("<list>", WHICH)
    .argument("<supplier...>", "ids of suppliers, at most 1000")
    .addHelpText("after", "\nExample:\n  npx bellwether watchlists add 'Castings 2027' S_00012 S_00481")
    .action(async (which: string, supplierIds: readonly string[], options: OpsOptions) => {
      const report = createReport(options);
      using ops = open(options);
      const { watchlistId } = await findWatchlist(ops, which, TIMEOUT_MS);
      const request = { watchlistId, supplierIds: [...new Set(supplierIds)] };
      const answer = ops.client.addWatchedSuppliers(request, { timeoutMs: TIMEOUT_MS });
      const { watchlist, added } = await ops.answer(answer);
      if (!watchlist) return;
      report.line(`${countText(added, "supplier")} added: ${watchlistLine(watchlist)}`);
      report.json({ ...watchlistJson(watchlist), added });
    });

  const remove = withOps(new Command("remove"))
    .description("Remove suppliers from a list. The suppliers and their alerts stay.")
    .argument("<list>", WHICH)
    .argument("<supplier...>", "ids of suppliers, at most 1000")
    .addHelpText("after", "\nExample:\n  npx bellwether watchlists remove 'Castings 2027' S_00012")
    .action(async (which: string, supplierIds: readonly string[], options: OpsOptions) => {
      const report = createReport(options);
      using ops = open(options);
      const { watchlistId } = await findWatchlist(ops, which, TIMEOUT_MS);
      const request = { watchlistId, supplierIds: [...new Set(supplierIds)] };
      const answer = ops.client.removeWatchedSuppliers(request, { timeoutMs: TIMEOUT_MS });
      const { watchlist, removed } = await ops.answer(answer);
      if (!watchlist) return;
      report.line(`${countText(removed, "supplier")} removed: ${watchlistLine(watchlist)}`);
      report.json({ ...watchlistJson(watchlist), removed });
    });

  const list = withOps(new Command("list"))
    .description("List your lists, and the shared lists of others.")
    .option("--supplier <id>", "only lists that have this supplier")
    .addHelpText("after", "\nExample:\n  npx bellwether watchlists list --supplier S_00012")
    .action(async (options: OpsOptions & { readonly supplier?: string }) => {
      const report = createReport(options);
      using ops = open(options);
      const request = { supplierId: options.supplier ?? "" };
      const { watchlists, truncated } = await ops.answer(ops.client.listWatchlists(request, { timeoutMs: TIMEOUT_MS }));
      const shown = options.supplier === undefined ? watchlists : watchlists.filter((one) => one.hasSupplier);
      for (const one of shown) report.line(watchlistLine(one));
      if (shown.length === 0) report.line("no watchlists");
      if (truncated) report.line("there are more shared lists of others");
      report.json({ watchlists: shown.map(watchlistJson), more: truncated });
    });

  const show = withOps(new Command("show"))
    .description("Show the suppliers of a list with their latest scores, highest impact first.")
    .argument("<list>", WHICH)
    .option(...OPS_MODEL_FLAG)
    .addHelpText("after", "\nExample:\n  npx bellwether watchlists show 'Castings 2027'")
    .action(async (which: string, options: OpsOptions & { readonly model?: string }) => {
      const report = createReport(options);
      using ops = open(options);
      const found = await findWatchlist(ops, which, TIMEOUT_MS);
      const { watchlistId } = found;
      const { watchlist = found, supplierIds } = await ops.answer(
        ops.client.getWatchlist({ watchlistId }, { timeoutMs: TIMEOUT_MS }),
      );
      using suppliers = openOps(context, options.ops, SupplierService);
      const scored = await readScored(suppliers, watchlistId, options.model ?? "");
      report.line(watchlistLine(watchlist));
      if (watchlist.note !== "") report.line(watchlist.note);
      for (const supplier of scored) report.line(watchedLine(supplier));
      const known = new Set(scored.map(({ supplierId }) => supplierId));
      const unscored = supplierIds.filter((supplierId) => !known.has(supplierId));
      for (const supplierId of unscored) report.line(`${supplierId}: no score in the latest week`);
      report.json({ ...watchlistJson(watchlist), scored: scored.map(supplierJson), without_score: unscored });
    });

  const update = withOps(new Command("update"))
    .description("Rename a list, replace its note, or change who sees it. What is left out stays.")
    .argument("<list>", WHICH)
    .option("--name <name>", "new name")
    .option("--note <text>", "new note; an empty text removes it")
    .option("--shared", "show the list to everybody")
    .option("--private", "show the list only to its owner")
    .addHelpText("after", "\nExample:\n  npx bellwether watchlists update 'Castings 2027' --shared")
    .action(async (which: string, options: ListTexts & { readonly name?: string; readonly private?: boolean }) => {
      const report = createReport(options);
      using ops = open(options);
      const { watchlistId, version, ...found } = await findWatchlist(ops, which, TIMEOUT_MS);
      const { SHARED } = WatchlistVisibility;
      const isShared = options.private ? false : (options.shared ?? found.visibility === SHARED);
      const texts = { name: options.name ?? found.name, note: options.note ?? found.note };
      const request = { watchlistId, version, ...texts, visibility: visibilityOf(isShared) };
      const { watchlist } = await ops.answer(ops.client.updateWatchlist(request, { timeoutMs: TIMEOUT_MS }));
      if (!watchlist) return;
      report.line(watchlistLine(watchlist));
      report.json(watchlistJson(watchlist));
    });

  const remover = withOps(new Command("delete"))
    .description("Delete a list. The suppliers and their alerts stay.")
    .argument("<list>", WHICH)
    .addHelpText("after", "\nExample:\n  npx bellwether watchlists delete 'Castings 2027'")
    .action(async (which: string, options: OpsOptions) => {
      const report = createReport(options);
      using ops = open(options);
      const found = await findWatchlist(ops, which, TIMEOUT_MS);
      const { watchlistId, version } = found;
      await ops.answer(ops.client.deleteWatchlist({ watchlistId, version }, { timeoutMs: TIMEOUT_MS }));
      report.line(`deleted: ${watchlistLine(found)}`);
      report.json(watchlistJson(found));
    });

  const watchlists = new Command("watchlists").addHelpText(
    "after",
    "\nThe commands call ops-service with the token or API key in BELLWETHER_TOKEN_FILE. Changes need the role analyst. At most 50 lists of one" +
      "\nperson, and 1000 suppliers in a list." +
      "\n\nExamples:\n  npx bellwether watchlists create 'Castings 2027' --shared\n  npx bellwether watchlists add 'Castings 2027' S_00012 S_00481" +
      "\n  npx bellwether watchlists show 'Castings 2027'",
  );
  for (const command of [create, add, remove, list, show, update, remover]) watchlists.addCommand(command);
  return watchlists;
}

const visibilityOf = (isShared: boolean): WatchlistVisibility =>
  isShared ? WatchlistVisibility.SHARED : WatchlistVisibility.PRIVATE;

/** Reads the suppliers of a list that have a score, page by page: at most those of a list. */
async function readScored(ops: OpsClient<typeof SupplierService>, watchlistId: string, modelName: string) {
  const suppliers = [];
  let pageToken = "";
  do {
    const request = { watchlistId, modelName, pageSize: PAGE_SIZE, pageToken };
    const page = await ops.answer(ops.client.listSuppliers(request, { timeoutMs: TIMEOUT_MS }));
    suppliers.push(...page.suppliers);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return suppliers;
}
