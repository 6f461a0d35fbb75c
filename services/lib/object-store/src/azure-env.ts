import { type EnvOf, env } from "@bellwether/env/env";
import type { AzureCredentials } from "./backends/azure-credentials.ts";

/** Variables with the credentials of Azure. None of their values is shown in an error. */
export const AZURE_ENV = {
  azureAccount: env.optional(
    env.text("AZURE_STORAGE_ACCOUNT", { pattern: /^[a-z0-9]{3,24}$/, expected: "the name of a storage account" }),
  ),
  azureConnectionString: env.optional(env.secret("AZURE_STORAGE_CONNECTION_STRING")),
  azureKey: env.optional(env.secret("AZURE_STORAGE_KEY")),
  azureSasToken: env.optional(env.secret("AZURE_STORAGE_SAS_TOKEN")),
};

/** Returns the credentials of Azure. */
export function azureCredentials(config: EnvOf<typeof AZURE_ENV>): AzureCredentials {
  return {
    account: config.azureAccount,
    connectionString: config.azureConnectionString,
    accountKey: config.azureKey,
    sasToken: config.azureSasToken,
  };
}
