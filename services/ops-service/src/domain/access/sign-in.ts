import { cutToBytes } from "@bellwether/mesh/call/cut-to-bytes";
import { type GroupScope, scopeOfGroups } from "./group-scopes.ts";
import type { FoundSession, Person, PersonRole, Session } from "./session.ts";
import { GroupMissingError, GroupsUnknownError, ReturnPathError, SignInRejectedError } from "./sign-in-error.ts";

/** What the identity provider says about a person. */
export interface ProviderClaims {
  readonly subject: string;
  /** All claims of the ID token and of the user information. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Which claims and groups make a person. */
export interface ClaimRules {
  /** Path of the claim with the groups, separated by dots. */
  readonly groupsClaim: string;
  /** Role of each group. */
  readonly roles: ReadonlyMap<string, PersonRole>;
  /** Suppliers of each group. Undefined: everybody sees all suppliers. */
  readonly scopes?: ReadonlyMap<string, GroupScope>;
}

/** A sign-in that this browser has begun, until the identity provider sends the browser back. */
export interface BegunSignIn {
  readonly state: string;
  readonly nonce: string;
  /** PKCE code verifier (RFC 7636). */
  readonly verifier: string;
  readonly returnTo: string;
}

/** The identity provider. */
export interface IdentityProvider {
  /** Name for the page, for example "login.example.org". */
  readonly label: string;
  /**
   * Returns the URL that asks the person to sign in, and what must be kept until the answer.
   * @throws IdentityProviderUnavailableError
   */
  begin(): Promise<{ readonly url: URL; readonly kept: Omit<BegunSignIn, "returnTo"> }>;
  /**
   * Exchanges the answer of the provider for the claims of the person.
   * @param answer the query with which the provider sent the browser back
   * @throws IdentityProviderUnavailableError, SignInStateError, SignInRejectedError
   */
  complete(answer: string, kept: BegunSignIn): Promise<ProviderClaims>;
  /** Returns the URL at which the person signs out of the provider. Undefined: the provider has none, or is not known yet. */
  signOutUrl(): string | undefined;
}

/** Stores sessions. */
export interface SessionStore {
  /** Stores a new session and records the sign-in. Ends the oldest sessions of a person who has too many. */
  create(session: Session, hash: string): Promise<void>;
  /** Undefined: no session has a secret with this hash. */
  find(hash: string, now: Date): Promise<FoundSession | undefined>;
  /** Records the use of a session, for its idle time. */
  recordUse(sessionId: string, now: Date): Promise<void>;
  /** Records that the present secret was used: the previous one is accepted until `previousUntil`. */
  confirmSecret(sessionId: string, previousUntil: Date): Promise<void>;
  /** Replaces the secret that has this hash. False: it is no longer the present secret of the session. */
  replaceSecret(sessionId: string, oldHash: string, newHash: string): Promise<boolean>;
  /** Ends a session and records it. Undefined: it has ended before. */
  end(hash: string, now: Date): Promise<Session | undefined>;
  /** Returns the ids among `sessionIds` whose sessions are no longer accepted. */
  findEnded(sessionIds: readonly string[], idleMs: number, now: Date): Promise<readonly string[]>;
  /** Records that a one-time link was used. False: it was used before. */
  useLink(linkId: string, now: Date): Promise<boolean>;
}

const RANK: Readonly<Record<PersonRole, number>> = { viewer: 0, analyst: 1, admin: 2 };
const MAX_SUBJECT_BYTES = 255;
const MAX_NAME_BYTES = 128;
/** Maximum number of groups of a person that are compared. */
const MAX_GROUPS = 10_000;
const MAX_RETURN_CHARACTERS = 1_024;

/**
 * Returns the person with the highest role of the person's groups, and with the suppliers that one of them sees.
 * @throws GroupMissingError, GroupsUnknownError, ScopeMissingError, ScopeConflictError, SignInRejectedError
 */
export function personFromClaims({ subject, claims }: ProviderClaims, rules: ClaimRules): Person {
  checkSubject(subject);
  const groups = groupsOf(claims, rules.groupsClaim);
  const roles = groups.flatMap((group) => rules.roles.get(group) ?? []);
  const role = roles.toSorted((a, b) => RANK[b] - RANK[a])[0];
  if (role === undefined) throw new GroupMissingError([...rules.roles.keys()]);
  const scope = rules.scopes && scopeOfGroups(groups, rules.scopes);
  return { subject, name: displayName(claims), role, ...(scope && { scope }) };
}

/** @throws SignInRejectedError for a subject that cannot be stored */
export function checkSubject(subject: string): void {
  const isUsable = typeof subject === "string" && /^[^\p{Cc}]+$/u.test(subject) && subject.isWellFormed();
  if (!isUsable || Buffer.byteLength(subject) > MAX_SUBJECT_BYTES)
    throw new SignInRejectedError(`the subject is not 1 to ${MAX_SUBJECT_BYTES} bytes without control characters`);
}

function groupsOf(claims: Readonly<Record<string, unknown>>, claim: string): readonly string[] {
  let value: unknown = Object.hasOwn(claims, claim) ? claims[claim] : claims;
  if (value === claims)
    for (const part of claim.split("."))
      value =
        typeof value === "object" && value !== null && Object.hasOwn(value, part)
          ? Reflect.get(value, part)
          : undefined;
  if (typeof value === "string") return [value];
  if (Array.isArray(value))
    return value.slice(0, MAX_GROUPS).filter((group): group is string => typeof group === "string");
  // Entra ID names the claims that it left out because the person has too many groups.
  const leftOut = claims._claim_names;
  const isLeftOut = typeof leftOut === "object" && leftOut !== null && Object.hasOwn(leftOut, claim);
  throw new GroupsUnknownError(
    claim,
    isLeftOut
      ? "the person has too many groups, so let it send only the groups of this application"
      : "let it send them",
  );
}

/** Returns the first of the usual name claims as one line without control characters. */
function displayName(claims: Readonly<Record<string, unknown>>): string {
  for (const claim of ["name", "preferred_username", "email"]) {
    const value = claims[claim];
    if (typeof value !== "string") continue;
    const name = oneLine(value, MAX_NAME_BYTES);
    if (name !== "") return name;
  }
  return "";
}

/** Returns text without control and direction characters, with single spaces, and at most `maxBytes` of UTF-8. */
export function oneLine(text: string, maxBytes: number): string {
  const plain = text
    .slice(0, maxBytes)
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
    .replace(/ +/g, " ")
    .trim();
  return cutToBytes(plain, maxBytes).trim();
}

const ORIGIN = "http://service.invalid";

/**
 * Returns the path to which the browser returns after a sign-in: path, query and fragment below the service's
 * own root, with a slash first. Empty text: the root.
 * @throws ReturnPathError for a text that a browser could take for another site
 */
export function localPath(text: string): string {
  if (text === "") return "/";
  // A browser ignores tabs and line breaks in URLs, and treats a backslash as a slash.
  if (text.length > MAX_RETURN_CHARACTERS || !/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(text) || !text.isWellFormed())
    throw new ReturnPathError();
  if (!URL.canParse(text, ORIGIN)) throw new ReturnPathError();
  const { origin, pathname, search, hash } = new URL(text, ORIGIN);
  // "/.//other.example" becomes "//other.example", which names another site.
  if (origin !== ORIGIN || pathname.startsWith("//")) throw new ReturnPathError();
  return `${pathname}${search}${hash}`;
}
