import { installMoto, MOTO_ENV, type MotoServer, startMoto } from "@bellwether/testing/stores/moto-server";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { ObjectStore } from "../src/object-store.ts";
import { openObjectStore } from "../src/open-store.ts";
import { testStore } from "./store-cases.ts";

let moto: MotoServer | undefined;
let store: ObjectStore | null = null;
beforeAll(async () => {
  for (const [name, value] of Object.entries(MOTO_ENV)) vi.stubEnv(name, value);
  const installed = await installMoto();
  if ("missing" in installed) return console.log(`S3 is not tested: ${installed.missing}`);
  moto = await startMoto(installed);
  store = await openObjectStore(`s3://${moto.bucket}/some/prefix?endpoint=${moto.endpoint}`);
}, 400_000);
afterAll(async () => {
  await store?.[Symbol.asyncDispose]();
  await moto?.[Symbol.asyncDispose]();
  vi.unstubAllEnvs();
});

testStore("S3", () => store);

test("a bucket that does not exist is an error of the settings", { timeout: 30_000 }, async (context) => {
  if (!moto) return context.skip("moto is not installed");
  await using other = await openObjectStore(`s3://no-such-bucket?endpoint=${moto.endpoint}`);
  await expect(other.put("x", new Uint8Array())).rejects.toThrow("the bucket does not exist");
});
