import { installMoto, MOTO_ENV, type MotoServer, startMoto } from "@bellwether/testing/stores/moto-server";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openRegistry } from "../src/open-registry.ts";
import type { Registry } from "../src/storage/storage-of.ts";
import { listModels } from "../src/versions/read-version.ts";
import { testRegistry } from "./registry-cases.ts";

let moto: MotoServer | undefined;
let registry: Registry | null = null;
beforeAll(async () => {
  for (const [name, value] of Object.entries(MOTO_ENV)) vi.stubEnv(name, value);
  const installed = await installMoto();
  if ("missing" in installed) return console.log(`S3 is not tested: ${installed.missing}`);
  moto = await startMoto(installed);
  registry = openRegistry(`s3://${moto.bucket}/some/models?endpoint=${moto.endpoint}`, "/", {});
}, 400_000);
afterAll(async () => {
  await moto?.[Symbol.asyncDispose]();
  vi.unstubAllEnvs();
});

testRegistry("S3", () => registry);

test("a bucket that does not exist is an error that names it", { timeout: 30_000 }, async (context) => {
  if (!moto) return context.skip("moto is not installed");
  const other = openRegistry(`s3://no-such-bucket/models?endpoint=${moto.endpoint}`, "/", {});
  await expect(listModels(other)).rejects.toMatchObject({
    name: "RegistryUnavailableError",
    message: expect.stringMatching(
      /^the model registry cannot be used: s3:\/\/no-such-bucket.*the bucket does not exist/,
    ),
  });
});
