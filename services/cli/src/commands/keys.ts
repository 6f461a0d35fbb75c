import { UUID_PATTERN } from "@bellwether/contract/uuid";
import type { ApiKey } from "@bellwether/gen/bellwether/ops/v1/api_key_pb";
import { ApiKeyService } from "@bellwether/gen/bellwether/ops/v1/api_key_service_pb";
import { Role } from "@bellwether/gen/bellwether/policy/v1/role_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { type Timestamp, timestampDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Client, ConnectError, createClient } from "@connectrpc/connect";
import { Command, Option } from "commander";
import { unknownLabels } from "../alerts/unknown-conditions.ts";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { wholeNumber } from "../input/parse-option.ts";
import { type ScopeOptions, scopeFromOptions, scopeJson, scopeText, withScope } from "../input/scope-options.ts";
import { enumWord } from "../output/enum-word.ts";
import { printable } from "../output/printable.ts";
import { createReport } from "../output/report.ts";
import { callerSettings } from "../remote/caller-token.ts";
import { peerError } from "../remote/peer-error.ts";
import { OPS_PEER, peerUrl } from "../remote/peer-url.ts";
import { type OpsOptions, withOps } from "../remote/shared-options.ts";

const DAY_MS = 86_400_000;
const PAGE_SIZE = 200;
const TIMEOUT_MS = 10_000;

const ROLES = { viewer: Role.VIEWER, analyst: Role.ANALYST, admin: Role.ADMIN, service: Role.SERVICE } as const;
type RoleName = keyof typeof ROLES;

/** `bellwether keys` */
export function keysCommand(context: CliContext): Command {
  const create = withScope(withOps(new Command("create")), "key")
    .description("Create an API key and print it. The key is shown once.")
    .requiredOption("--name <name>", "name of the program that will use the key (required)")
    .addOption(
      new Option("--role <role>", "role of the program that uses the key (required)")
        .choices(Object.keys(ROLES))
        .makeOptionMandatory(),
    )
    .option("--days <days>", "lifetime of the key in days, 1 to 730", wholeNumber(1, 730), 90)
    .addHelpText(
      "after",
      "\nExamples:\n  npx bellwether keys create --name erp-export --role viewer --days 365 > erp.key" +
        "\n  npx bellwether keys create --name buyers --role analyst --region Europe Asia > buyers.key",
    )
    .action(async (options: OpsOptions & ScopeOptions & { name: string; role: RoleName; days: number }) => {
      const report = createReport(options);
      const expiresAt = timestampFromMs(Date.now() + options.days * DAY_MS);
      const scope = scopeJson(scopeFromOptions(options));
      // A name can be that of suppliers of a later run, so that the key is created nevertheless.
      const unknown = await unknownLabels(context, options).catch(() => []);
      for (const line of unknown)
        console.error(`bellwether: warning: ${printable(line)}; this value gives the key access to no supplier now`);
      const request = { name: options.name, role: ROLES[options.role], expiresAt, ...(scope && { scope }) };
      const { apiKey, secret } = await callOps(context, options, (keys) =>
        keys.createApiKey(request, { timeoutMs: TIMEOUT_MS }),
      );
      report.line(secret);
      if (apiKey) report.json({ secret, ...keyJson(apiKey) });
    });

  const list = withOps(new Command("list"))
    .description("List the API keys that are accepted, newest first.")
    .option("--all", "also list keys that are revoked or have expired")
    .addHelpText("after", "\nExample:\n  npx bellwether keys list --all")
    .action(async (options: OpsOptions & { all?: boolean }) => {
      const report = createReport(options);
      const keys = await callOps(context, options, (client) => listKeys(client, options.all ?? false));
      for (const key of keys) report.line(keyLine(key));
      if (keys.length === 0) report.line("there are no API keys");
      report.json({ api_keys: keys.map(keyJson) });
    });

  const revoke = withOps(new Command("revoke"))
    .description("Revoke an API key: ops-service rejects it at once, the other services within 5 seconds.")
    .argument("<key>", "id, name or first characters (bw_...) of the key, as keys list shows them")
    .addHelpText("after", "\nExample:\n  npx bellwether keys revoke erp-export")
    .action(async (which: string, options: OpsOptions) => {
      const report = createReport(options);
      const revoked = await callOps(context, options, async (client) => {
        const keyId = UUID_PATTERN.test(which.toLowerCase()) ? which : await findKey(client, which);
        return (await client.revokeApiKey({ keyId }, { timeoutMs: TIMEOUT_MS })).apiKey;
      });
      if (!revoked) return;
      report.line(`revoked: ${keyLine(revoked)}`);
      report.json(keyJson(revoked));
    });

  const keys = new Command("keys").addHelpText(
    "after",
    "\nThe commands call ops-service with the token or API key in BELLWETHER_TOKEN_FILE. The token or API key needs the role admin.\n" +
      "\nExamples:\n  npx bellwether keys create --name erp-export --role viewer --days 365 > erp.key\n  npx bellwether keys list\n  npx bellwether keys revoke erp-export" +
      '\n  curl -s localhost:8080/alerts -H "authorization: Bearer $(cat erp.key)"',
  );
  for (const command of [create, list, revoke]) keys.addCommand(command);
  return keys;
}

async function callOps<T>(
  context: CliContext,
  { ops }: OpsOptions,
  work: (client: Client<typeof ApiKeyService>) => Promise<T>,
): Promise<T> {
  const url = peerUrl(OPS_PEER, ops, context);
  using transport = createMeshTransport({ url, ...callerSettings(context) });
  try {
    return await work(createClient(ApiKeyService, transport));
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    throw await peerError(error, { service: "ops-service", url, option: "--ops", listener: "grpc" });
  }
}

async function listKeys(client: Client<typeof ApiKeyService>, includeEnded: boolean): Promise<ApiKey[]> {
  const keys: ApiKey[] = [];
  let pageToken = "";
  do {
    const page = await client.listApiKeys({ pageSize: PAGE_SIZE, pageToken, includeEnded }, { timeoutMs: TIMEOUT_MS });
    keys.push(...page.apiKeys);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return keys;
}

/** Returns the id of the accepted key with this name or these first characters. @throws UsageError */
async function findKey(client: Client<typeof ApiKeyService>, which: string): Promise<string> {
  const found = (await listKeys(client, false)).filter(({ name, prefix }) => name === which || prefix === which);
  if (found[0] && found.length === 1) return found[0].keyId;
  throw new UsageError(
    `no accepted API key has the name or the first characters ${JSON.stringify(which)}; bellwether keys list shows them`,
  );
}

const dateOf = (at: Timestamp | undefined): string | null => (at ? timestampDate(at).toISOString() : null);

function keyJson(key: ApiKey) {
  return {
    key_id: key.keyId,
    name: key.name,
    prefix: key.prefix,
    role: enumWord(Role, key.role) || "unknown",
    scope: scopeJson(key.scope),
    created_at: dateOf(key.createdAt),
    created_by: key.createdBy,
    expires_at: dateOf(key.expiresAt),
    last_used_at: dateOf(key.lastUsedAt),
    revoked_at: dateOf(key.revokedAt),
    revoked_by: key.revokedBy || null,
  };
}

function keyLine(key: ApiKey): string {
  const { key_id, name, prefix, role, expires_at, last_used_at, revoked_at } = keyJson(key);
  const used = last_used_at === null ? "no use recorded" : `last used ${last_used_at}`;
  const end = revoked_at === null ? `ends ${expires_at}` : `revoked ${revoked_at}`;
  const scope = scopeText(key.scope);
  return `${key_id}  ${prefix}…  ${role.padEnd(7)}  ${name}  ${end}, ${used}${scope && `, ${printable(scope)}`}`;
}
