// Whether a release of postgres.js still has the fault of 0004: after the server ends connections under queries, some
// connections of its pool never write again. Run it on each new release, on Linux or macOS, from the root of the checkout:
//
//   npm install --no-save postgres@VERSION && npx node docs/decisions/0004-reproduction.mjs
//
// Exit codes: 0 every connection came back in 12 rounds; 1 one did not; 2 postgres is not installed. It takes up to 5 min.
import { startPostgresCluster } from "@bellwether/testing/postgres-cluster";

const ROUNDS = 12;
const POOL = 2;
const QUERIES_AT_ONCE = 8;
const CONNECT_TIMEOUT_S = 2;
const BUSY_MS = 300;
const CUTS_PER_ROUND = 5;

const postgres = await import("postgres").then(
  (module) => module.default,
  () => {
    console.error("postgres is not installed: npm install --no-save postgres@VERSION");
    process.exit(2);
  },
);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const noAnswer = new Error("no answer");

await using cluster = await startPostgresCluster();
const url = await cluster.createDatabase();
const admin = postgres(url, { max: 1, onnotice() {} });
for (let round = 1; round <= ROUNDS; round++) {
  const sql = postgres(url, {
    max: POOL,
    connect_timeout: CONNECT_TIMEOUT_S,
    backoff: () => 0.05,
    onnotice() {},
  });
  let isBusy = true;
  const asking = Array.from({ length: QUERIES_AT_ONCE }, async () => {
    // Small, so that postgres.js gathers them until the next turn. They fail when connections end, and are sent again at once.
    while (isBusy) await sql`select ${1}::int`.catch(() => {});
  });
  await pause(BUSY_MS);
  for (let cut = 0; cut < CUTS_PER_ROUND; cut++) {
    // As at a restart, the server's last message and the end of its connection come in one turn of the event loop.
    await admin`select pg_terminate_backend(pid) from pg_stat_activity
      where backend_type = 'client backend' and datname = current_database() and pid <> pg_backend_pid()`;
    await pause(BUSY_MS);
  }
  isBusy = false;
  await Promise.race([Promise.all(asking), pause(5_000 * CONNECT_TIMEOUT_S)]);
  // The server answers again: each connection of the pool must.
  const answers = await Promise.allSettled(
    Array.from({ length: 4 * POOL }, () =>
      Promise.race([sql`select pg_sleep(0.05)`, failAfter(5_000 * CONNECT_TIMEOUT_S)]),
    ),
  );
  const failed = answers.filter(({ status }) => status === "rejected");
  // Another error is the last word of a connection that ended; the next query has a new one.
  const isLost = failed.some(({ reason }) => reason.code === "CONNECT_TIMEOUT" || reason === noAnswer);
  console.log(
    `round ${round}: ${failed.length} of ${answers.length} queries failed${failed[0] ? `: ${failed[0].reason.message}` : ""}`,
  );
  await sql.end({ timeout: 1 }).catch(() => {});
  if (!isLost) continue;
  console.log("a connection of the pool never writes again");
  process.exitCode = 1;
  break;
}
await admin.end({ timeout: 1 });
if (process.exitCode !== 1) console.log(`every connection of the pool came back in ${ROUNDS} rounds`);

async function failAfter(ms) {
  await pause(ms);
  throw noAnswer;
}
