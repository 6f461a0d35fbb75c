import { SupplierMergeService } from "@bellwether/gen/bellwether/ops/v1/supplier_merge_service_pb";
import { type Route, route } from "@bellwether/mesh/call/route";
import type { MergeLinks } from "./domain/merges/merge-links.ts";
import { MAX_MERGED, type MergeTransaction } from "./domain/merges/merge-suppliers.ts";
import { mergeHandlers } from "./rpc/suppliers/merges.ts";
import type { Database } from "./store/database.ts";
import { createDuplicateStore } from "./store/merges/duplicates.ts";
import { findIdentities, listMerged, readIdentities } from "./store/merges/identities.ts";
import { createKnownMerges } from "./store/merges/merge-links.ts";
import { createMergeTransaction } from "./store/merges/merge-transaction.ts";
import { listMerges } from "./store/merges/merges.ts";
import { repeat } from "./store/repeat.ts";

/** Maximum number of merges of a supplier that an answer has. */
const MAX_LISTED = 50;
/** Time after which a replica knows the merges of another one. */
const REFRESH_MS = 2_000;

export interface MergePorts {
  readonly database: Pick<Database, "db" | "inTransaction">;
  readonly now: () => Date;
  readonly newId: () => string;
}

/** SupplierMergeService, and which suppliers are merged. */
export interface Merges extends Disposable {
  readonly route: Route;
  readonly links: () => MergeLinks;
}

/** Starts SupplierMergeService. Its own merges are known when their answer is sent. */
export async function startMerges({ database: { db, inTransaction }, now, newId }: MergePorts): Promise<Merges> {
  const known = createKnownMerges(db);
  await known.refresh();
  const inMerge = createMergeTransaction(inTransaction, { now, newId });
  const handlers = mergeHandlers({
    now,
    async transact<T>(work: (transaction: MergeTransaction) => Promise<T>) {
      const done = await inMerge(work);
      // What is stored stays stored when this read fails; the next one follows.
      await known.refresh().catch(() => undefined);
      return done;
    },
    duplicates: createDuplicateStore(db),
    findIdentity: async (supplierId) => (await findIdentities(db, [supplierId])).get(supplierId),
    async readMerged(survivor) {
      const numbers = await listMerged(db, survivor, MAX_MERGED);
      const identities = await readIdentities(db, numbers);
      return numbers.flatMap((number) => identities.get(number) ?? []);
    },
    listMerges: (supplier) => listMerges(db, supplier, MAX_LISTED),
  });
  const refreshing = repeat(REFRESH_MS, known.refresh);
  return {
    route: route(SupplierMergeService, handlers),
    links: known.links,
    [Symbol.dispose]: () => refreshing[Symbol.dispose](),
  };
}
