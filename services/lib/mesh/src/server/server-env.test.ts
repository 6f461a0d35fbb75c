import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type EnvSource, readEnv } from "@bellwether/env/env";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createLocalKeys } from "../auth/local-keys.ts";
import { DEFAULT_REQUEST_HEADERS } from "../web/web-guard.ts";
import { peerSettings, serverEnv, serverSettings } from "./server-env.ts";

const PORTS = { grpc: 9080, web: 8080, admin: 9480 };
const read = (source: EnvSource = {}) => readEnv(source, serverEnv("OPS_SERVICE", PORTS));
const settings = async (source: EnvSource) => serverSettings(read(source));

let folder = "";
const at = (name: string): string => path.join(folder, name);
/** TLS with client certificates. The files' content is not checked before a listener opens. */
let tls: EnvSource = {};
let jwks = "";

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-env-"));
  for (const name of ["cert", "key", "ca", "token"]) await writeFile(at(name), `${name}\n`);
  tls = { BELLWETHER_TLS_CERT: at("cert"), BELLWETHER_TLS_KEY: at("key"), BELLWETHER_TLS_CA: at("ca") };
  jwks = (await createLocalKeys(at("keys"))).publicKeysFile;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("by default a server uses clear text, the loopback address, its own ports and no authentication", async () => {
  expect(await settings({})).toEqual({
    host: "127.0.0.1",
    ports: PORTS,
    web: { allowedOrigins: [], requestHeaders: DEFAULT_REQUEST_HEADERS },
  });
  expect(peerSettings(read())).toEqual({});
});

test("the headers that pages of other origins may send are read as a list", async () => {
  const { web } = await settings({ BELLWETHER_WEB_HEADERS: "x-tenant,Traceparent" });
  expect(web?.requestHeaders).toEqual(["x-tenant", "Traceparent"]);
});

test("port variables have the service's prefix, and 0 means any free port", async () => {
  const env = { OPS_SERVICE_GRPC_PORT: "0", OPS_SERVICE_WEB_PORT: "65535", ML_SERVICE_ADMIN_PORT: "1" };
  expect((await settings(env)).ports).toEqual({ grpc: 0, web: 65_535, admin: 9480 });
});

test.each([
  ["OPS_SERVICE_WEB_PORT", "65536"],
  ["OPS_SERVICE_WEB_PORT", "-1"],
  ["OPS_SERVICE_GRPC_PORT", "80a"],
  ["BELLWETHER_HOST", "host name"],
  ["BELLWETHER_HOST", "127.0.0.1/8"],
  ["BELLWETHER_AUTH_JWKS_URL", "file:///etc/passwd"],
  ["BELLWETHER_AUTH_ROLES_CLAIM", "roles..x"],
  ["BELLWETHER_AUTH_IDENTITIES", "ml-service"],
  ["BELLWETHER_AUTH_IDENTITIES", "=admin"],
  ["BELLWETHER_AUTH_IDENTITIES", "ml-service=service,, ci=admin=x"],
  ["BELLWETHER_WEB_ORIGINS", "https://a.example, https://b.example"],
  ["BELLWETHER_WEB_HOSTS", "a.example,"],
  ["BELLWETHER_WEB_HEADERS", "x-tenant, traceparent"],
  ["BELLWETHER_WEB_HEADERS", "x-tenant:"],
])("%s=%s is a violation that names the variable", (name, value) => {
  expect(() => read({ [name]: value })).toThrow(`${name}: found "${value}"`);
});

test("all violations are reported at once", () => {
  const wrong = { OPS_SERVICE_WEB_PORT: "x", BELLWETHER_HOST: "a b", BELLWETHER_WEB_HOSTS: "a," };
  expect(() => read(wrong)).toThrow(
    /3 invalid or missing variable\(s\)(.|\n)*WEB_PORT(.|\n)*HOST|3 invalid or missing variable\(s\)(.|\n)*HOST(.|\n)*WEB_PORT/,
  );
});

test("TLS files are read for the listeners and for calls to peers", async () => {
  const material = { cert: "cert\n", key: "key\n", ca: "ca\n" };
  expect((await settings(tls)).tls).toEqual(material);
  expect(peerSettings(read(tls)).tls).toEqual(material);
  const { BELLWETHER_TLS_CA: _, ...serverOnly } = tls;
  expect((await settings(serverOnly)).tls).toEqual({ cert: "cert\n", key: "key\n" });
});

test.each([["BELLWETHER_TLS_CERT"], ["BELLWETHER_TLS_KEY"], ["BELLWETHER_TLS_CA"]])(
  "%s alone is rejected",
  async (one) => {
    await expect(settings({ [one]: tls[one] })).rejects.toThrow(
      "BELLWETHER_TLS_CERT and BELLWETHER_TLS_KEY belong together",
    );
  },
);

test("the error for an unreadable certificate file names its variable", async () => {
  const env = { ...tls, BELLWETHER_TLS_KEY: at("none") };
  await expect(settings(env)).rejects.toThrow(`BELLWETHER_TLS_KEY: ${at("none")} cannot be read (ENOENT)`);
});

test("the token for peers is read again for each call, because it may be renewed", async () => {
  const { token } = peerSettings(read({ BELLWETHER_TOKEN_FILE: at("token") }));
  expect(token?.()).toBe("token");
  await writeFile(at("token"), "renewed\n");
  expect(token?.()).toBe("renewed");
  await writeFile(at("token"), "s3cret\ns3cret\n");
  expect(() => token?.()).toThrow(
    /^BELLWETHER_TOKEN_FILE: \S+ does not contain a token, expected one line of [a-zA-Z ]+$/,
  );
});

test("keys of a file and of a URL enable tokens, with the configured issuer, audience and claim", async () => {
  const reported = { BELLWETHER_AUTH_ISSUER: "https://idp", BELLWETHER_AUTH_AUDIENCE: "mesh" };
  const ofFile = await settings({ ...reported, BELLWETHER_AUTH_JWKS_FILE: jwks, BELLWETHER_AUTH_ROLES_CLAIM: "a.b" });
  expect(ofFile.auth).toMatchObject({
    identities: {},
    tokens: { issuer: "https://idp", audience: "mesh", rolesClaim: "a.b", keys: { file: jwks } },
  });
  const ofUrl = await settings({ BELLWETHER_AUTH_JWKS_URL: "https://idp.example/keys" });
  expect(ofUrl.auth?.tokens).toMatchObject({ keys: new URL("https://idp.example/keys"), rolesClaim: "roles" });
});

test.each([
  ["http://idp.example/keys", false],
  ["http://10.0.0.1/keys", false],
  ["http://127.0.0.1:8000/keys", true],
  ["http://[::1]:8000/keys", true],
  ["http://localhost/keys", true],
  ["https://idp.example/keys", true],
])("keys of %s are accepted without the clear-text flag: %s", async (url, accepted) => {
  const env = { BELLWETHER_AUTH_JWKS_URL: url };
  if (accepted) expect((await settings(env)).auth?.tokens?.keys).toEqual(new URL(url));
  else await expect(settings(env)).rejects.toThrow("set BELLWETHER_AUTH_ALLOW_CLEARTEXT=true");
  const allowed = await settings({ ...env, BELLWETHER_AUTH_ALLOW_CLEARTEXT: "true" });
  expect(allowed.auth).toMatchObject({ allowCleartext: true, tokens: { keys: new URL(url) } });
});

test("the error for a key file without keys names the file", async () => {
  await writeFile(at("no-keys"), '{"keys": "none"}');
  await expect(settings({ BELLWETHER_AUTH_JWKS_FILE: at("no-keys") })).rejects.toThrow(at("no-keys"));
});

test("two sources of keys are rejected", async () => {
  const both = { BELLWETHER_AUTH_JWKS_URL: "https://idp.example/keys", BELLWETHER_AUTH_JWKS_FILE: jwks };
  await expect(settings(both)).rejects.toThrow("exclude each other");
});

test("certificate names get their roles, and are rejected without an authority that verifies them", async () => {
  const identities = { BELLWETHER_AUTH_IDENTITIES: " ml-service=service  spiffe://x/ci=viewer,admin " };
  expect((await settings({ ...tls, ...identities })).auth).toEqual({
    identities: { "ml-service": ["service"], "spiffe://x/ci": ["viewer", "admin"] },
  });
  await expect(settings(identities)).rejects.toThrow("BELLWETHER_AUTH_IDENTITIES needs BELLWETHER_TLS_CA");
});

test("an unknown role is rejected", async () => {
  const env = { ...tls, BELLWETHER_AUTH_IDENTITIES: "ci=admin,root" };
  await expect(settings(env)).rejects.toThrow(
    '"ci=admin,root" has an unknown role, expected viewer, analyst, admin, service, promote:champion or promote:challenger',
  );
});

test("origins and hosts of the web listener are read as lists", async () => {
  const env = { BELLWETHER_WEB_ORIGINS: "https://a.example,https://b.example", BELLWETHER_WEB_HOSTS: "a.example" };
  expect((await settings(env)).web).toMatchObject({
    allowedOrigins: ["https://a.example", "https://b.example"],
    allowedHosts: ["a.example"],
  });
});

test.each([
  ["BELLWETHER_WEB_ORIGINS", "*", "* is not accepted"],
  ["BELLWETHER_WEB_ORIGINS", "https://a.example/", "without a path"],
  ["BELLWETHER_WEB_ORIGINS", "https://A.example", "in lower case"],
  ["BELLWETHER_WEB_HOSTS", "*", "* is not accepted"],
  ["BELLWETHER_WEB_HOSTS", "a.example:8080", "without a port"],
])("%s=%s is rejected, because it would never match", (variable, text, reason) => {
  expect(() => read({ [variable]: text })).toThrow(reason);
});

test.each(["http://localhost:3000", "https://a.example,http://[::1]:8080"])("the origins %s are accepted", (text) => {
  expect(read({ BELLWETHER_WEB_ORIGINS: text }).webOrigins).toBe(text);
});

test("the error for a key file that does not exist names its variable", async () => {
  await expect(settings({ BELLWETHER_AUTH_JWKS_FILE: at("none") })).rejects.toThrow(
    `BELLWETHER_AUTH_JWKS_FILE: ${at("none")} cannot be read (ENOENT)`,
  );
});
