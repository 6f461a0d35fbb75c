import type { Secret } from "@bellwether/env/secret";

/** Credentials for Azure. None set: the default credential of the SDK (workload identity, managed identity, environment, CLI). */
export interface AzureCredentials {
  /** Name of the storage account, when the URL has none. */
  readonly account: string | null;
  /** Connection string with account, key and endpoint. */
  readonly connectionString: Secret | null;
  /** Key of the account. */
  readonly accountKey: Secret | null;
  /** Shared access signature of the container or the account. */
  readonly sasToken: Secret | null;
}

export const NO_AZURE_CREDENTIALS: AzureCredentials = {
  ...{ account: null, connectionString: null, accountKey: null, sasToken: null },
};
