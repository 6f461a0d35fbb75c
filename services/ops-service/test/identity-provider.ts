import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";

/** A person at the provider. */
export interface ProviderPerson {
  readonly name: string;
  groups: readonly string[];
}

/** An OpenID provider in this process, which signs a person in without asking. */
export interface TestProvider extends AsyncDisposable {
  readonly issuer: URL;
  /** People by id. Tests change them. */
  readonly people: Map<string, ProviderPerson>;
  /** Id of the person who signs in next. */
  signedIn: string;
  /** Changes the parameters of the next requests to the provider's authorization endpoint. */
  tamper: ((query: URLSearchParams) => void) | undefined;
  /** Number of requests to each path. */
  readonly requests: Map<string, number>;
  stop(): Promise<void>;
  start(): Promise<void>;
}

export const CLIENT_ID = "bellwether";
export const CLIENT_SECRET = "secret/of+the=client:%20&";

/** @param redirectUri URL to which the provider may send browsers back */
export async function startProvider(redirectUri: string, options: { inIdToken?: boolean } = {}): Promise<TestProvider> {
  const people = new Map<string, ProviderPerson>([["0f3c", { name: "Ada Lovelace", groups: ["Risk Analysts"] }]]);
  const requests = new Map<string, number>();
  let server: http.Server;
  let handle: http.RequestListener = (_, response) => response.end();
  let port = 0;
  const start = async (): Promise<void> => {
    server = http.createServer((request, response) => handle(request, response)).listen(port, "127.0.0.1");
    await once(server, "listening");
    port = (server.address() as AddressInfo).port;
  };
  await start();
  const issuer = new URL(`http://127.0.0.1:${port}`);
  const provider = new Provider(issuer.origin, {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        redirect_uris: [redirectUri],
        post_logout_redirect_uris: [new URL("/", redirectUri).href],
        response_types: ["code"],
        grant_types: ["authorization_code"],
      },
    ],
    pkce: { required: () => true },
    conformIdTokenClaims: !options.inIdToken,
    claims: { openid: ["sub"], profile: ["name"], groups: ["groups"] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    cookies: { keys: ["test"] },
    ttl: { Session: 600, Interaction: 600, Grant: 600, AuthorizationCode: 60, IdToken: 600, AccessToken: 600 },
    async findAccount(_, id) {
      const person = people.get(id);
      return (
        person && { accountId: id, claims: async () => ({ sub: id, name: person.name, groups: [...person.groups] }) }
      );
    },
    async loadExistingGrant(ctx) {
      const accountId = ctx.oidc.session?.accountId;
      const clientId = ctx.oidc.client?.clientId;
      if (accountId === undefined || clientId === undefined) return undefined;
      const grant = new provider.Grant({ clientId, accountId });
      grant.addOIDCScope("openid profile groups");
      await grant.save();
      return grant;
    },
  });
  const callback = provider.callback();
  const test: TestProvider = {
    issuer,
    people,
    signedIn: "0f3c",
    tamper: undefined,
    requests,
    start,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    async [Symbol.asyncDispose]() {
      if (server.listening) await test.stop();
    },
  };
  handle = (request, response) => {
    const url = new URL(request.url ?? "/", issuer);
    requests.set(url.pathname, (requests.get(url.pathname) ?? 0) + 1);
    if (url.pathname === "/auth" && test.tamper) {
      test.tamper(url.searchParams);
      request.url = `${url.pathname}${url.search}`;
    }
    if (url.pathname.startsWith("/interaction/"))
      void provider.interactionFinished(request, response, { login: { accountId: test.signedIn } });
    else void callback(request, response);
  };
  return test;
}
