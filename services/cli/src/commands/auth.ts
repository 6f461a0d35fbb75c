import path from "node:path";
import { createLocalKeys, issueToken, localKeyFiles, TokenSubjectError } from "@bellwether/mesh/auth/local-keys";
import { Command, Option } from "commander";
import { type CliContext, dataFolder } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { wholeNumber } from "../input/parse-option.ts";
import { withFormerName } from "../input/renamed-option.ts";
import { scopeFromOptions, scopeJson, withScope } from "../input/scope-options.ts";
import { createReport } from "../output/report.ts";
import { makeTargetFolder } from "../output/target-folder.ts";
import { ML_EXAMPLE_URL } from "../remote/peer-url.ts";
import { JSON_FLAG } from "../remote/shared-options.ts";

const DAY_S = 86_400;
const FOLDER_DEFAULT = "default: keys/ in the data folder, BELLWETHER_DATA_DIR";

/** `bellwether auth` */
export function authCommand(context: CliContext): Command {
  const defaultFolder = (): string => path.join(dataFolder(context), "keys");
  const folderOf = (given: string | undefined): string =>
    given === undefined ? defaultFolder() : path.resolve(context.cwd, given);

  const keys = withFormerName(new Command("keys"), "--out", "--keys DIR")
    .description(
      "Create a key pair: a private key that signs tokens, and a file with the public key. The services use that file to verify tokens.",
    )
    .option("--keys <dir>", `folder for the two files (${FOLDER_DEFAULT})`)
    .option(...JSON_FLAG)
    .addHelpText("after", "\nExamples:\n  npx bellwether auth keys\n  npx bellwether auth keys --keys keys")
    .action(async (options) => {
      const report = createReport(options);
      const folder = folderOf(options.keys);
      await makeTargetFolder(options.keys === undefined ? "the data folder" : "--keys", folder, 0o700);
      const files = await createLocalKeys(folder).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") throw error;
        throw new UsageError(
          `there is a key pair already in ${folder}; a new key pair would invalidate all tokens: remove the old one first, or choose another folder with --keys`,
        );
      });
      report.line(`private key (keep it secret): ${files.privateKeyFile}`);
      report.line(`public keys: start the services with BELLWETHER_AUTH_JWKS_FILE=${files.publicKeysFile}`);
      report.json({ private_key_file: files.privateKeyFile, public_keys_file: files.publicKeysFile });
    });

  const token = withScope(new Command("token"), "token")
    .description("Create a token, signed with the private key, and print it.")
    .requiredOption(
      "--subject <name>",
      "name of the person or service that will use the token; the audit log records it. Any name is allowed. In the examples, ada is a person, and mesh is the common name of all services (required)",
    )
    .addOption(
      new Option("--role <role...>", "roles and rights of the token, separated by spaces (required)")
        .choices(["viewer", "analyst", "admin", "service", "promote:champion", "promote:challenger"])
        .makeOptionMandatory(),
    )
    .option("--days <days>", "lifetime of the token in days, 1 to 365", wholeNumber(1, 365), 30)
    .option("--keys <dir>", `folder of the key pair (${FOLDER_DEFAULT})`)
    .option(...JSON_FLAG)
    .addHelpText(
      "after",
      "\nExamples:\n  npx bellwether auth token --subject ada --role viewer --days 7 > ada.token\n  npx bellwether auth token --subject ada --role viewer --keys keys > ada.token",
    )
    .action(async (options) => {
      const report = createReport(options);
      const { privateKeyFile } = localKeyFiles(folderOf(options.keys));
      const scope = scopeFromOptions(options);
      if (scope && options.role.includes("service"))
        throw new UsageError("--region and --category are not for the role service, whose callers see all suppliers");
      const claims = { subject: options.subject, roles: options.role, scope, lifetimeS: options.days * DAY_S };
      const issued = await issueToken(privateKeyFile, claims).catch((error: NodeJS.ErrnoException) => {
        if (error instanceof TokenSubjectError)
          throw new UsageError(`--subject: ${error.message}; name the person or service that will use the token`);
        if (error.code !== "ENOENT") throw error;
        throw new UsageError(`there is no private key ${privateKeyFile}; create a key pair with: bellwether auth keys`);
      });
      report.line(issued);
      report.json({
        token: issued,
        subject: options.subject,
        roles: options.role,
        scope: scopeJson(scope),
        days: options.days,
      });
    });

  const auth = new Command("auth").addHelpText(
    "after",
    `\nExamples:\n  npx bellwether auth keys\n  npx bellwether auth token --subject ada --role viewer > ada.token\n  npx bellwether auth token --subject mesh --role service admin > mesh.token   # for the services and for npx bellwether start\n  BELLWETHER_TOKEN_FILE=ada.token npx bellwether predict --url ${ML_EXAMPLE_URL} --input supplier.json`,
  );
  for (const command of [keys, token]) auth.addCommand(command);
  return auth;
}
