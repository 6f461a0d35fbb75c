import http from "node:http";
import type { EndedProcess } from "@bellwether/testing/node-process";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { startCommands } from "./running-commands.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const commands = startCommands();
let answer = "";
let asked: (string | undefined)[] = [];
const server = http.createServer((request, response) => {
  asked.push(request.url);
  response.setHeader("content-type", "application/json").end(answer);
});
let url = "";

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
});
beforeEach(() => {
  asked = [];
});
afterAll(async () => {
  await commands[Symbol.asyncDispose]();
  server.closeAllConnections();
  server.close();
});

const COMMANDS = ["predict", "explain", "counterfactual"];

const run = (command: string, at: string): Promise<EndedProcess> => {
  const args = [command, "--input", '{"supplier_id":"S_1","late_ratio":0.4}', "--url", at];
  return commands.run({ args, cwd: "/", env: { PATH: process.env.PATH } });
};

test.each([
  "{}",
  '{"status":"ok"}',
  '{"score":{}}',
  '{"score":7,"base":7}',
  '{"base":{"score":{}}}',
  '{"base":{"kind":"x","score":{"warnings":[7]}}}',
  '{"contributions":{"contributions":[{}]}}',
  '{"supplier_id":"S_1","risk_score":"0.4"}',
])("the answer %s of another server is an error that names the URL", async (text) => {
  answer = text;
  for (const command of COMMANDS) {
    const { code, stdout, stderr } = await run(command, url);
    expect([command, code, stdout]).toEqual([command, 1, ""]);
    expect(stderr).toMatch(
      `bellwether: ${url} answered ${JSON.stringify(text.slice(0, 40))}, which is not an answer of`,
    );
  }
});

test("the path of the URL is asked", async () => {
  for (const command of COMMANDS) await run(command, `${url}/pre/`);
  expect(asked).toEqual([
    "/pre/predict",
    "/pre/explain",
    "/pre/bellwether.inference.v1.InferenceService/Counterfactual",
  ]);
});

test.each([
  ["http://u:hunter2@127.0.0.1:9", "--url: credentials do not belong into the URL"],
  ["http://127.0.0.1:9/?key=hunter2", "--url: a query or a fragment is not sent"],
  ["ftp://x", '--url "ftp://x": expected an http or https URL'],
  ["", '--url "": expected an http or https URL'],
])("the URL %j is an error of usage without a secret", async (given, message) => {
  for (const command of COMMANDS) {
    const { code, stdout, stderr } = await run(command, given);
    expect([command, code, stderr]).toEqual([command, 2, expect.stringContaining(message)]);
    expect(stdout + stderr).not.toContain("hunter2");
  }
});
