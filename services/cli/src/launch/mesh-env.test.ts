import { expect, test } from "vitest";
import { meshEnv } from "./mesh-env.ts";

const FREE = Object.fromEntries(
  ["OPS", "ML", "SCHEDULER"].flatMap((name) =>
    ["GRPC", "WEB", "ADMIN"].map((kind) => [`${name}_SERVICE_${kind}_PORT`, "0"]),
  ),
);
const said = (env: Readonly<Record<string, string>>): Promise<string> =>
  meshEnv({ ...FREE, ...env }).then(
    () => "started",
    (error: Error) => error.message,
  );

test("variables that a service would reject are named before anything starts", async () => {
  const text = await said({ OPS_SERVICE_URL: "ftp://x", SCORING_THREADS: "0" });
  expect(text).toContain('OPS_SERVICE_URL: found "ftp://x", expected a URL that starts with http:');
  expect(text).toContain('SCORING_THREADS: found "0", expected an integer from 1 to 256');
});

test("one port for two listeners is rejected with the names of both variables", async () => {
  expect(await said({ OPS_SERVICE_WEB_PORT: "28080", ML_SERVICE_WEB_PORT: "28080" })).toMatch(
    /^(OPS|ML)_SERVICE_WEB_PORT and (OPS|ML)_SERVICE_WEB_PORT are both 28080: set one to another port \(0 = any free port\)$/,
  );
});

test("an address that this machine does not have is rejected with the name of the variable", async () => {
  expect(await said({ BELLWETHER_HOST: "999.1.1.1" })).toContain("BELLWETHER_HOST");
  expect(await said({ BELLWETHER_HOST: "203.0.113.7" })).toContain("correct BELLWETHER_HOST");
});
