import { ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { Secret } from "@bellwether/env/secret";
import { NO_AZURE_CREDENTIALS } from "@bellwether/object-store/backends/azure-credentials";
import { type AzuriteServer, installAzurite, startAzurite } from "@bellwether/testing/stores/azurite-server";
import { afterAll, beforeAll } from "vitest";
import { openRegistry } from "../src/open-registry.ts";
import type { Registry } from "../src/storage/storage-of.ts";
import { testRegistry } from "./registry-cases.ts";

let azurite: AzuriteServer | undefined;
let registry: Registry | null = null;
beforeAll(async () => {
  const installed = await installAzurite();
  if ("missing" in installed) return console.log(`Azure is not tested: ${installed.missing}`);
  azurite = await startAzurite(installed);
  const { endpoint, account, accountKey } = azurite;
  await new ContainerClient(`${endpoint}/models`, new StorageSharedKeyCredential(account, accountKey)).create();
  const azure = { ...NO_AZURE_CREDENTIALS, accountKey: new Secret(accountKey) };
  registry = openRegistry(`azure://models/some/prefix?account=${account}&endpoint=${endpoint}`, "/", { azure });
}, 400_000);
afterAll(() => azurite?.[Symbol.asyncDispose]());

testRegistry("Azure", () => registry);
