import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import net, { type AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { createLocalKeys, issueToken, LOCAL_AUDIENCE, LOCAL_ISSUER } from "@bellwether/mesh/auth/local-keys";
import { readPublicKeys } from "@bellwether/mesh/auth/public-keys";
import type { Right, RoleName } from "@bellwether/mesh/call/caller";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import type { OpsServiceConfig } from "../src/service.ts";
import { CLIENT_ID, CLIENT_SECRET, startProvider, type TestProvider } from "./identity-provider.ts";
import { type OpsHarness, startOps } from "./ops-harness.ts";
import { createBrowser, type TestBrowser } from "./test-browser.ts";

type SignIn = NonNullable<OpsServiceConfig["signIn"]>;

/** A clock that tests move. Times pass by themselves too. */
export interface MovedClock {
  readonly now: () => Date;
  move(ms: number): void;
}

export function createClock(): MovedClock {
  let offsetMs = 0;
  return {
    now: () => new Date(Date.now() + offsetMs),
    move(ms) {
      offsetMs += ms;
    },
  };
}

/** An ops-service whose authentication is on, with people and programs that use it. */
export interface SignInHarness extends AsyncDisposable {
  readonly ops: OpsHarness;
  readonly clock: MovedClock;
  /** Returns a token of the local key pair. */
  token(subject: string, roles: readonly (RoleName | Right)[], lifetimeS?: number): Promise<string>;
  /** Returns the kinds and actors of all audit events of sign-ins and keys, oldest first. */
  audit(
    kind: string,
  ): Promise<
    readonly { readonly actor: string; readonly subject: string; readonly payload: Record<string, unknown> }[]
  >;
  /** Signs in with a token and returns the browser. */
  browserWithToken(subject: string, roles: readonly RoleName[]): Promise<TestBrowser>;
}

export const KEY = new Uint8Array(32).fill(7);

/** Settings of sign-in without a provider. */
export const SIGN_IN: SignIn = {
  keys: [KEY],
  limits: { idleMs: 3_600_000, lifetimeMs: 8 * 3_600_000, rotateMs: 900_000 },
  rules: {
    groupsClaim: "groups",
    roles: new Map([
      ["Risk Viewers", "viewer"],
      ["Risk Analysts", "analyst"],
      ["Risk Admins", "admin"],
    ]),
  },
  links: true,
};

let keyFolder: Promise<{ folder: string; files: Awaited<ReturnType<typeof createLocalKeys>> }> | undefined;

async function localKeys() {
  keyFolder ??= mkdtemp(path.join(os.tmpdir(), "bellwether-sign-in-")).then(async (folder) => ({
    folder,
    files: await createLocalKeys(path.join(folder, "keys")),
  }));
  return (await keyFolder).files;
}

/** Removes the key pair of the tests of a file. */
export async function removeLocalKeys(): Promise<void> {
  if (keyFolder) await rm((await keyFolder).folder, { recursive: true, force: true });
}

/** Starts ops-service with authentication. */
export async function startSignIn(databaseUrl: string, over: Partial<OpsServiceConfig> = {}): Promise<SignInHarness> {
  const files = await localKeys();
  const clock = createClock();
  const tokens = {
    keys: await readPublicKeys(files.publicKeysFile),
    issuer: LOCAL_ISSUER,
    audience: LOCAL_AUDIENCE,
    rolesClaim: "roles",
  };
  const ops = await startOps(databaseUrl, {
    auth: { tokens, identities: {} },
    signIn: SIGN_IN,
    now: clock.now,
    ...over,
  });
  const token: SignInHarness["token"] = (subject, roles, lifetimeS = 3_600) =>
    issueToken(files.privateKeyFile, { subject, roles, lifetimeS });
  return {
    ops,
    clock,
    token,
    async audit(kind) {
      const headers = { authorization: `Bearer ${await token("auditor", ["admin"])}` };
      const client = createClient(AuditService, createGrpcTransport({ baseUrl: ops.grpcUrl }));
      const { records } = await client.queryEvents({ kind, pageSize: 500 }, { headers });
      return records
        .map(({ event }) => ({
          actor: event?.actor ?? "",
          subject: event?.subject ?? "",
          payload: JSON.parse(event?.payloadJson || "{}"),
        }))
        .reverse();
    },
    async browserWithToken(subject, roles) {
      const browser = createBrowser();
      const body = JSON.stringify({ token: await token(subject, roles, 24 * 3_600) });
      const response = await browser.fetch(`${ops.webUrl}/auth/token`, {
        method: "POST",
        body,
        headers: { "content-type": "application/json" },
      });
      if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
      return browser;
    },
    [Symbol.asyncDispose]: () => ops[Symbol.asyncDispose](),
  };
}

/** An ops-service with an identity provider. */
export interface OidcHarness extends SignInHarness {
  readonly provider: TestProvider;
  /** Begins a sign-in and follows it to its end. */
  signIn(
    browser?: TestBrowser,
    returnTo?: string,
  ): Promise<{ readonly browser: TestBrowser; readonly url: URL; readonly response: Response | undefined }>;
}

/** Returns a port that is free at the moment: the provider must know the URL of the service before it starts. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export async function startOidc(
  databaseUrl: string,
  {
    inIdToken = false,
    signIn = {},
    ...over
  }: Partial<Omit<OpsServiceConfig, "signIn">> & { inIdToken?: boolean; signIn?: Partial<SignIn> } = {},
): Promise<OidcHarness> {
  const web = await freePort();
  const publicUrl = new URL(`http://127.0.0.1:${web}/`);
  const provider = await startProvider(new URL("auth/callback", publicUrl).href, { inIdToken });
  const registered = {
    issuer: provider.issuer,
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    scope: "openid profile groups",
  };
  const harness = await startSignIn(databaseUrl, {
    ports: { grpc: 0, web, admin: 0 },
    signIn: { ...SIGN_IN, publicUrl, provider: registered, ...signIn },
    ...over,
  }).catch(async (error) => {
    await provider[Symbol.asyncDispose]();
    throw error;
  });
  return {
    ...harness,
    provider,
    async signIn(browser = createBrowser(), returnTo = "/#/alerts") {
      const ended = await browser.open(`${harness.ops.webUrl}/auth/login?return=${encodeURIComponent(returnTo)}`, {
        until: (url) => url.origin === publicUrl.origin && !url.pathname.startsWith("/auth/"),
      });
      return { browser, ...ended };
    },
    async [Symbol.asyncDispose]() {
      await harness[Symbol.asyncDispose]();
      await provider[Symbol.asyncDispose]();
    },
  };
}
