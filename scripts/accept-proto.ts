// Accepts the contract as it is now: writes proto/baseline.binpb, against which `npm run check` looks for changes that break clients,
// and records the reason with those changes in proto/ACCEPTED.md. Exit codes: 0 accepted; 1 buf failed; 2 no reason.
import { spawnSync } from "node:child_process";
import { appendFileSync, renameSync, rmSync } from "node:fs";

const BASELINE = "proto/baseline.binpb";
const RECORD = "proto/ACCEPTED.md";
const MAX_REASON_BYTES = 500;

const reason = process.argv.slice(2).join(" ").replace(/\s+/g, " ").trim();
if (reason === "" || reason.startsWith("-") || Buffer.byteLength(reason) > MAX_REASON_BYTES) {
  console.error(`Usage: npm run proto:accept -- REASON

Accepts all changes of proto/ since the last call, including changes that break clients. REASON is recorded in ${RECORD}: 1 to ${MAX_REASON_BYTES} bytes.
Example: npm run proto:accept -- "Score.kernel was never set"`);
  process.exit(2);
}

const draft = `${BASELINE}.draft-${process.pid}.binpb`;
const built = buf("build", "--exclude-source-info", "-o", draft);
if (built.status !== 0) fail(built);
const compared = buf("breaking", "--against", BASELINE);
// buf exits with 100 when there are changes that break clients.
if (compared.status !== 0 && compared.status !== 100) fail(compared);
const changes = compared.stdout.split("\n").filter((line) => line !== "");

const day = new Date().toISOString().slice(0, 10);
const list = changes.length === 0 ? ["- no change that breaks clients"] : changes.map((change) => `- ${change}`);
appendFileSync(RECORD, `\n## ${day} · ${reason}\n\n${list.join("\n")}\n`);
renameSync(draft, BASELINE);
console.log(
  `${changes.length} changes that break clients are accepted. Commit ${BASELINE} and ${RECORD}, and list the changes in CHANGELOG.md`,
);

function buf(...args: string[]) {
  return spawnSync("buf", args, { encoding: "utf8" });
}

function fail({ error, stdout, stderr }: ReturnType<typeof buf>): never {
  rmSync(draft, { force: true });
  console.error(error?.message ?? (stderr.trim() || stdout.trim()));
  process.exit(1);
}
