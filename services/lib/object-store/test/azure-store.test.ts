import { ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { Secret } from "@bellwether/env/secret";
import { type AzuriteServer, installAzurite, startAzurite } from "@bellwether/testing/stores/azurite-server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NO_AZURE_CREDENTIALS } from "../src/backends/azure-credentials.ts";
import type { ObjectStore } from "../src/object-store.ts";
import { openObjectStore } from "../src/open-store.ts";
import { StoreDeniedError } from "../src/store-error.ts";
import { testStore } from "./store-cases.ts";

let azurite: AzuriteServer | undefined;
let store: ObjectStore | null = null;
const open = ({ account, endpoint, accountKey }: AzuriteServer, container: string, key = accountKey) => {
  const azure = { ...NO_AZURE_CREDENTIALS, accountKey: new Secret(key) };
  return openObjectStore(`azure://${container}/some/prefix?account=${account}&endpoint=${endpoint}`, { azure });
};
beforeAll(async () => {
  const installed = await installAzurite();
  if ("missing" in installed) return console.log(`Azure is not tested: ${installed.missing}`);
  azurite = await startAzurite(installed);
  const { endpoint, account, accountKey } = azurite;
  await new ContainerClient(`${endpoint}/tested`, new StorageSharedKeyCredential(account, accountKey)).create();
  store = await open(azurite, "tested");
}, 400_000);
afterAll(async () => {
  await store?.[Symbol.asyncDispose]();
  await azurite?.[Symbol.asyncDispose]();
});

testStore("Azure", () => store);

test("a container that does not exist is an error of the settings", async (context) => {
  if (!azurite) return context.skip("azurite is not installed");
  await using other = await open(azurite, "no-such-container");
  await expect(other.put("x", new Uint8Array())).rejects.toThrow("the container does not exist");
});

test("a wrong key is denied, and the error shows nothing of it", async (context) => {
  if (!azurite) return context.skip("azurite is not installed");
  const wrong = Buffer.from("a wrong key of an account").toString("base64");
  await using other = await open(azurite, "tested", wrong);
  const error = await other.head("x").catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StoreDeniedError);
  expect(JSON.stringify(error) + String(error)).not.toContain(wrong);
});

test("a connection string is used alone, and an invalid one is not shown", async (context) => {
  if (!azurite) return context.skip("azurite is not installed");
  const { endpoint, account, accountKey } = azurite;
  const text = `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${accountKey};BlobEndpoint=${endpoint};`;
  const azure = { ...NO_AZURE_CREDENTIALS, connectionString: new Secret(text) };
  await using other = await openObjectStore("azure://tested/some/prefix", { azure });
  await other.put("by-string", Buffer.from("x"));
  expect(await store?.head("by-string")).toMatchObject({ bytes: 1 });
  await expect(openObjectStore(`azure://tested?account=${account}`, { azure })).rejects.toThrow(
    "remove them from the URL",
  );
  const invalid = { ...NO_AZURE_CREDENTIALS, connectionString: new Secret("AccountKey=hidden") };
  await expect(openObjectStore("azure://tested", { azure: invalid })).rejects.toThrow(
    /^(?!.*hidden).*is not a connection string/,
  );
});

test("a signature is not sent in clear text to another machine", async () => {
  const azure = { ...NO_AZURE_CREDENTIALS, sasToken: new Secret("sv=1&sig=hidden") };
  const url = "azure://tested?account=risk01&endpoint=http://blobs.example.org/risk01";
  await expect(openObjectStore(url, { azure })).rejects.toThrow("only sent to https endpoints");
  await expect(openObjectStore("azure://tested", { azure })).rejects.toThrow("no storage account is set");
});
