import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { ChangeDirection } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import {
  type ListSuppliersRequestSchema,
  SortDirection,
  SupplierOrder,
  SupplierService,
} from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { startService } from "@bellwether/testing/service-process";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { type Bench, type Metric, metric } from "./metric.ts";
import { openOpsDatabase } from "./ops-database.ts";

const SIZE = { suppliers: 1_000_000, weeks: 53, scores: 100_000 };
const CALLS = 300;
const GATE_MS = 50;
const STRETCH_MS = 15;
/** Number of pages that a deep list reads. */
const PAGES = 12;

type ListRequest = MessageInitShape<typeof ListSuppliersRequestSchema>;
type Suppliers = Client<typeof SupplierService>;

/** Measures search, list and get of suppliers through gRPC, one call at a time. */
export const bench: Bench = async (context) => {
  await using database = await openOpsDatabase(SIZE, context);
  await using ops = await startService("ops-service", { DATABASE_URL: database.url });
  using transport = createMeshTransport({ url: ops.grpc });
  const suppliers = createClient(SupplierService, transport);
  const { rows } = await database.pool.query<{ name: string; id: string; key: string | null }>(
    `select u.name, u.external_id as id, i.value as key from bellwether.supplier u
     left join bellwether.supplier_identifier i on i.supplier_id = u.id
     where u.id % 2503 = 0 order by u.id limit ${CALLS}`,
  );
  const searches = rows.map(({ name, id, key }, i) => queryOf(i, name, id, key));
  // Scored are the suppliers whose number ends in 0.
  const ids = rows.map((_, i) => `S_${String(((i * 7919) % (SIZE.scores - 1)) * 10 + 10).padStart(7, "0")}`);
  const { log } = context;
  return [
    await measure("ops.search_p95_ms", searches, (query) => suppliers.searchSuppliers({ query }), log),
    await measure("ops.list_p95_ms", await listRequests(suppliers), (request) => suppliers.listSuppliers(request), log),
    await measure("ops.get_p95_ms", ids, (supplierId) => suppliers.getSupplier({ supplierId, historyWeeks: 53 }), log),
  ];
};

/** What people type: the beginning of a name, a name, an id, an identifier, a word inside, a name with an error. */
function queryOf(i: number, name: string, id: string, key: string | null): string {
  const [first = "", trade = ""] = name.split(" ");
  const kinds = [
    first.slice(0, 2),
    first.slice(0, 4),
    first,
    `${first} ${trade}`,
    name,
    id,
    key ?? id.slice(0, 6),
    `${trade} ${first}`,
    trade,
    `${first.slice(0, 2)}${first.slice(3)} ${trade}`,
    `${first.slice(0, 3)}${first[4] ?? ""}${first[3] ?? ""}${first.slice(5)} ${trade}`,
  ];
  return kinds[i % kinds.length] ?? name;
}

const { ASCENDING, DESCENDING } = SortDirection;
const FILTERS: readonly ListRequest[] = [
  {},
  { bands: [Band.HIGH] },
  { regions: ["Region 3"] },
  { regions: ["Region 1", "Region 2", "Region 3", "Region 4"], bands: [Band.HIGH, Band.MEDIUM] },
  { categories: ["Category 7"], regions: ["Region 5"] },
  { changes: [ChangeDirection.UP], bands: [Band.LOW] },
  { hasActiveAlerts: true },
  { completenessBelow: 0.75 },
  { query: "steel" },
  { query: "bakomer" },
];
const ORDERS: readonly ListRequest[] = [
  {},
  { orderBy: SupplierOrder.SCORE },
  { orderBy: SupplierOrder.CHANGE, direction: ASCENDING },
  { orderBy: SupplierOrder.CHANGE, direction: DESCENDING },
  { orderBy: SupplierOrder.EXPOSURE },
  { orderBy: SupplierOrder.NAME },
];

/** Each filter with each order: the first page with facets, and a page far back. */
async function listRequests(suppliers: Suppliers): Promise<readonly ListRequest[]> {
  const lists = FILTERS.flatMap((filter) => ORDERS.map((order): ListRequest => ({ ...filter, ...order })));
  const requests: ListRequest[] = [];
  for (const list of lists) {
    requests.push({ ...list, includeFacets: true }, list);
    let pageToken = "";
    for (let page = 0; page < PAGES; page++) {
      const answer = await suppliers.listSuppliers({ ...list, pageSize: 200, pageToken });
      if (answer.nextPageToken === "") break;
      pageToken = answer.nextPageToken;
    }
    if (pageToken !== "") requests.push({ ...list, pageToken });
  }
  return requests;
}

/** Measures each call after every call was made once. */
async function measure<T>(
  name: string,
  inputs: readonly T[],
  call: (input: T) => Promise<unknown>,
  log: (line: string) => void,
): Promise<Metric> {
  for (const input of inputs) await call(input);
  const times: { readonly ms: number; readonly input: T }[] = [];
  for (const input of inputs) {
    const began = performance.now();
    await call(input);
    times.push({ ms: performance.now() - began, input });
  }
  times.sort((a, b) => a.ms - b.ms);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(share * times.length))]?.ms ?? 0;
  log(
    `${name}: ${times.length} calls, p50 ${at(0.5).toFixed(1)} ms, p95 ${at(0.95).toFixed(1)} ms, p99 ${at(0.99).toFixed(1)} ms`,
  );
  for (const { ms, input } of times.slice(-5)) log(`  slowest: ${ms.toFixed(1)} ms ${JSON.stringify(input)}`);
  return metric({ name, value: at(0.95), unit: "ms", gate: GATE_MS, stretch: STRETCH_MS, better: "lower" });
}
