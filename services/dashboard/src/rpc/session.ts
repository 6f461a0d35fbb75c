/** The ways in which a person can sign in. */
export interface SignInMethods {
  /** Name of the identity provider, null: there is none. */
  readonly provider: string | null;
  readonly token: boolean;
  readonly link: boolean;
}

/** The suppliers that a person sees: those of the regions and categories. An empty list is no condition. */
export interface VisibleSuppliers {
  readonly regions: readonly string[];
  readonly categories: readonly string[];
}

/** Who uses the page. */
export type Session =
  /** Not known yet, or the server does not answer. */
  | { readonly state: "unknown" }
  /** Authentication is off on the server's machine. */
  | { readonly state: "off"; readonly message: string }
  | {
      readonly state: "signed-in";
      readonly subject: string;
      /** Name for display; the subject when there is no name. */
      readonly name: string;
      /** The text with which the server records the person, for example as the owner of an alert. */
      readonly actor: string;
      readonly role: string;
      /** Null: all suppliers. */
      readonly scope: VisibleSuppliers | null;
      /** Whether the page has a session that it can end. False: a proxy adds the credentials. */
      readonly canSignOut: boolean;
    }
  | {
      readonly state: "signed-out";
      /** For example "SESSION_ENDED". */
      readonly reason: string;
      readonly message: string;
      readonly methods: SignInMethods;
    };

export const UNKNOWN_SESSION: Session = { state: "unknown" };

/** Time limit of a request, milliseconds. */
const TIMEOUT_MS = 15_000;

/** Converts the answer of /auth/session. An answer of another form is "unknown": an older server, or a proxy's page. */
export function sessionFromAnswer(status: number, body: unknown): Session {
  const fields = typeof body === "object" && body !== null ? (body as Readonly<Record<string, unknown>>) : {};
  const text = (name: string): string => (typeof fields[name] === "string" ? fields[name] : "");
  if (status === 401)
    return {
      state: "signed-out",
      reason: text("reason"),
      message: text("message"),
      methods: methodsFrom(fields.sign_in),
    };
  if (status !== 200 || text("authentication") === "") return UNKNOWN_SESSION;
  if (text("authentication") === "off") return { state: "off", message: text("message") };
  const subject = text("subject");
  return {
    ...{ state: "signed-in", subject, name: text("name") || subject, role: text("role") },
    actor: text("actor") || subject,
    scope: scopeFrom(fields.scope),
    canSignOut: text("method") !== "header",
  };
}

function scopeFrom(value: unknown): VisibleSuppliers | null {
  if (typeof value !== "object" || value === null) return null;
  const listOf = (name: string): readonly string[] => {
    const list: unknown = Reflect.get(value, name);
    return Array.isArray(list) ? list.filter((one): one is string => typeof one === "string") : [];
  };
  return { regions: listOf("regions"), categories: listOf("categories") };
}

/** Says which suppliers a person sees. Empty: all. */
export function scopeText(scope: VisibleSuppliers | null | undefined): string {
  if (!scope) return "";
  const { regions, categories } = scope;
  return [
    ...(regions.length > 0 ? [`only ${regions.join(", ")}`] : []),
    ...(categories.length > 0 ? [`only ${categories.join(", ")}`] : []),
  ].join("; ");
}

function methodsFrom(value: unknown): SignInMethods {
  const fields = typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  return {
    provider: typeof fields.provider === "string" ? fields.provider : null,
    token: fields.token === true,
    link: fields.link === true,
  };
}

/** Returns the URL of a path of the server that served the page, also below a path of a proxy. */
export function serverUrl(path: string, page: string): string {
  return new URL(path, page).href;
}

/** Returns the URL at which the person signs in at the identity provider, and then returns to `hash` of the page. */
export function signInUrl(page: string, hash: string): string {
  return `${serverUrl("auth/login", page)}?return=${encodeURIComponent(`/${hash}`)}`;
}

/** Reads who uses the page. @throws TypeError when the server cannot be reached */
export async function fetchSession(page: string): Promise<Session> {
  const answer = await fetch(serverUrl("auth/session", page), {
    headers: { accept: "application/json" },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  return sessionFromAnswer(answer.status, await answer.json().catch(() => undefined));
}

/** Signs in with a token or with the code of a one-time link. Returns why it failed; undefined: it succeeded. */
export async function signInWith(method: "token" | "link", text: string, page: string): Promise<string | undefined> {
  const body = JSON.stringify(method === "token" ? { token: text } : { code: text });
  return post(`auth/${method}`, body, page);
}

/** Ends the session. Returns why it failed; undefined: it succeeded. */
export async function signOut(page: string): Promise<string | undefined> {
  return post("auth/logout", "{}", page);
}

async function post(path: string, body: string, page: string): Promise<string | undefined> {
  try {
    const answer = await fetch(serverUrl(path, page), {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (answer.ok) return undefined;
    const failed: unknown = await answer.json().catch(() => undefined);
    const message = typeof failed === "object" && failed !== null && "message" in failed ? failed.message : undefined;
    return typeof message === "string" ? message : `the server answered ${answer.status}`;
  } catch {
    return "the server cannot be reached: check that you are connected, then try again";
  }
}
