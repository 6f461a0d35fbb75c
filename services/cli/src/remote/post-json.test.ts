import { mkdtemp, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UsageError } from "../errors/usage-error.ts";
import { postJson } from "./post-json.ts";

let folder = "";
let env: Record<string, string> = {};
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-post-"));
  await writeFile(path.join(folder, "token"), "secret\n");
  env = { BELLWETHER_TOKEN_FILE: path.join(folder, "token") };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(["http://ml.example:8081", "http://10.0.0.1:8081"])(
  "a token is not sent in clear text to %s",
  async (url) => {
    const posting = postJson(url, "/predict", {}, env);
    await expect(posting).rejects.toThrow(UsageError);
    await expect(posting).rejects.toThrow(
      `in clear text to ${url}: use https, or set BELLWETHER_AUTH_ALLOW_CLEARTEXT=true`,
    );
  },
);

test("a token is sent to this machine", async () => {
  const server = http.createServer((request, response) => response.end(JSON.stringify(request.headers.authorization)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  expect(await postJson(`http://127.0.0.1:${port}`, "/predict", {}, env)).toBe('"Bearer secret"');
  server.close();
});
