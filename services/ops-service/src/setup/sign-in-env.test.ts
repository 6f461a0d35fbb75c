import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { readEnv } from "@bellwether/env/env";
import { serverEnv } from "@bellwether/mesh/server/server-env";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { readSignIn, SIGN_IN_ENV } from "./sign-in-env.ts";

let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(path.join(os.tmpdir(), "bellwether-sign-in-env-"));
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

const OIDC = {
  BELLWETHER_OIDC_ISSUER: "https://id.example.org/realms/x",
  BELLWETHER_OIDC_CLIENT_ID: "bellwether",
  BELLWETHER_OIDC_ROLES: "Risk Analysts=analyst, Risk Admins=admin",
};
const warn = vi.fn();
const read = (env: Record<string, string>, hasAuthentication = true) => {
  const ports = { grpc: 9080, web: 8080, admin: 9480 };
  const values = readEnv(env, { ...serverEnv("OPS_SERVICE", ports), ...SIGN_IN_ENV });
  return readSignIn({ ...values, dataDir }, hasAuthentication, warn);
};

test("without authentication nobody signs in, and a provider alone is an error", async () => {
  expect(await read({}, false)).toBeUndefined();
  await expect(read(OIDC, false)).rejects.toThrow(/BELLWETHER_OIDC_ISSUER needs authentication of the services too/);
});

test("a provider has groups with roles, and the loopback URL as default", async () => {
  expect(await read(OIDC)).toMatchObject({
    publicUrl: new URL("http://localhost:8080/"),
    provider: {
      issuer: new URL("https://id.example.org/realms/x"),
      clientId: "bellwether",
      scope: "openid profile email",
    },
    rules: {
      groupsClaim: "groups",
      roles: new Map([
        ["Risk Analysts", "analyst"],
        ["Risk Admins", "admin"],
      ]),
    },
    limits: { idleMs: 7_200_000, lifetimeMs: 43_200_000, rotateMs: 900_000 },
    links: true,
  });
  expect(await read({ ...OIDC, BELLWETHER_PUBLIC_URL: "https://risk.example.org/bw" })).toMatchObject({
    publicUrl: new URL("https://risk.example.org/bw/"),
  });
});

test("the suppliers of groups are read; without them everybody sees all suppliers", async () => {
  const suppliers = '{"Risk Analysts":{"regions":["Europe"]},"Risk Admins":"all"}';
  const settings = await read({ ...OIDC, BELLWETHER_OIDC_SUPPLIERS: suppliers });
  expect(settings?.rules.scopes).toEqual(
    new Map<string, unknown>([
      ["Risk Analysts", { regions: ["Europe"], categories: [] }],
      ["Risk Admins", "all"],
    ]),
  );
  expect((await read(OIDC))?.rules.scopes).toBeUndefined();
});

test.each([
  [{ BELLWETHER_OIDC_CLIENT_ID: "" }, /belong together/],
  [{ BELLWETHER_OIDC_ROLES: "" }, /belong together/],
  [{ BELLWETHER_OIDC_ROLES: "A=viewer,A=admin" }, /the group "A" is given twice/],
  [
    { BELLWETHER_OIDC_SUPPLIERS: '{"A":{}}' },
    /^BELLWETHER_OIDC_SUPPLIERS: the group "A" has no region and no category/,
  ],
  [{ BELLWETHER_OIDC_SUPPLIERS: "{]}" }, /^BELLWETHER_OIDC_SUPPLIERS: is not JSON/],
  [{ BELLWETHER_OIDC_ISSUER: "http://id.example.org" }, /read in clear text: use https/],
  [{ BELLWETHER_HOST: "0.0.0.0" }, /needs BELLWETHER_PUBLIC_URL/],
  [{ OPS_SERVICE_WEB_PORT: "0" }, /needs BELLWETHER_PUBLIC_URL/],
  [{ BELLWETHER_PUBLIC_URL: "https://x.example/?a=b" }, /expected scheme, host, port and path only/],
  [{ BELLWETHER_SESSION_KEY: "secret-word" }, /^BELLWETHER_SESSION_KEY: key 1 is not 32 bytes/],
  [{ BELLWETHER_SESSION_KEY: "x".repeat(43), BELLWETHER_SESSION_KEY_FILE: "/x" }, /exclude each other/],
] as const)("%j is an error", async (env, message) => {
  await expect(read({ ...OIDC, ...env } as Record<string, string>)).rejects.toThrow(message);
});

test.each(["A=service", "A", "=admin", "A=admin;B=viewer"])(
  "the groups %j are an error of the environment",
  (roles) => {
    expect(() => readEnv({ BELLWETHER_OIDC_ROLES: roles }, SIGN_IN_ENV)).toThrow(/BELLWETHER_OIDC_ROLES: found/);
  },
);

test("without a key and with a data folder that cannot be written, nobody signs in, which is logged; a provider needs a key", async () => {
  const file = path.join(dataDir, "file");
  await writeFile(file, "");
  const values = readEnv({}, { ...serverEnv("OPS_SERVICE", { grpc: 1, web: 1, admin: 1 }), ...SIGN_IN_ENV });
  expect(await readSignIn({ ...values, dataDir: file }, true, warn)).toBeUndefined();
  expect(warn).toHaveBeenCalledWith(
    expect.stringMatching(/^nobody can sign in: set BELLWETHER_SESSION_KEY \(.*ENOTDIR\)$/),
  );
  const withProvider = readEnv(OIDC, { ...serverEnv("OPS_SERVICE", { grpc: 1, web: 1, admin: 1 }), ...SIGN_IN_ENV });
  await expect(readSignIn({ ...withProvider, dataDir: file }, true, warn)).rejects.toThrow(/ENOTDIR/);
});
