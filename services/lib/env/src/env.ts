import { Secret } from "./secret.ts";

/** The variables of a process, as `process.env` has them; an empty value counts as not set. */
export type EnvSource = Readonly<Record<string, string | undefined>>;

const INVALID = Symbol("invalid");

/** How one variable is read. Build it with `env.*`. */
export interface EnvReader<T> {
  readonly name: string;
  /** The expected form and unit, shown to the operator in an error. */
  readonly expected: string;
  /** True when the value must never appear in a violation. */
  readonly secret: boolean;
  /** The value of an unset variable; null: the variable must be set. */
  readonly fallback: { readonly value: T } | null;
  readonly parse: (text: string) => T | typeof INVALID;
}

/** One variable that is missing or that cannot be read. */
export interface EnvViolation {
  readonly name: string;
  /** The value in quotes, `nothing`, or `[redacted]`. */
  readonly found: string;
  readonly expected: string;
}

/** The environment is invalid. Carries every violation, not only the first. */
export class EnvError extends Error {
  override readonly name = "EnvError" as const;
  readonly violations: readonly EnvViolation[];

  constructor(violations: readonly EnvViolation[]) {
    const lines = violations.map((m) => `  ${m.name}: found ${m.found}, expected ${m.expected}`);
    super(`${violations.length} invalid or missing variable(s) in the environment:\n${lines.join("\n")}`);
    this.violations = violations;
  }
}

/** The result of `readEnv` for a shape of readers. */
export type EnvOf<S extends Readonly<Record<string, EnvReader<unknown>>>> = {
  readonly [K in keyof S]: S[K] extends EnvReader<infer T> ? T : never;
};

/**
 * Reads every variable of `shape` from `source`. A malformed value never becomes the default.
 * @throws EnvError with all violations when any variable is missing or malformed
 */
export function readEnv<S extends Readonly<Record<string, EnvReader<unknown>>>>(source: EnvSource, shape: S): EnvOf<S> {
  const violations: EnvViolation[] = [];
  const entries = Object.entries(shape).map(([key, reader]) => {
    const text = source[reader.name]?.trim() ?? "";
    if (text === "") {
      if (reader.fallback) return [key, reader.fallback.value];
      violations.push({ name: reader.name, found: "nothing", expected: reader.expected });
      return [key, undefined];
    }
    const value = reader.parse(text);
    if (value === INVALID)
      violations.push({ name: reader.name, found: shown(text, reader.secret), expected: reader.expected });
    return [key, value];
  });
  if (violations.length > 0) throw new EnvError(violations);
  return Object.fromEntries(entries) as EnvOf<S>;
}

/** Maximum number of characters of an invalid value that an error shows: enough to recognise the value. */
const SHOWN_CHARACTERS = 120;

function shown(text: string, secret: boolean): string {
  if (secret) return "[redacted]";
  const bare = text.replace(/\/\/[^/@]*@/, "//[redacted]@");
  return JSON.stringify(bare.length > SHOWN_CHARACTERS ? `${bare.slice(0, SHOWN_CHARACTERS)}…` : bare);
}

function reader<T>(
  name: string,
  expected: string,
  fallback: T | undefined,
  parse: EnvReader<T>["parse"],
  secret = false,
): EnvReader<T> {
  return { name, expected, secret, fallback: fallback === undefined ? null : { value: fallback }, parse };
}

/** Bounds of a number, both inclusive. An error shows `unit`. */
export interface NumberBounds {
  readonly min: number;
  readonly max: number;
  readonly unit?: string;
}

function boundsText(kind: string, { min, max, unit }: NumberBounds): string {
  return `${kind} from ${min} to ${max}${unit ? ` (${unit})` : ""}`;
}

function parseWithin(text: string, pattern: RegExp, { min, max }: NumberBounds): number | typeof INVALID {
  const value = pattern.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : INVALID;
}

const INTEGER = /^[+-]?\d{1,16}$/;
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const DURATION = /^(\d{1,9}(?:\.\d{1,6})?)\s*(ms|s|m|h|d)$/;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function parseDurationMs(text: string): number {
  const match = DURATION.exec(text);
  return match ? Math.round(Number(match[1]) * (UNIT_MS[match[2] ?? ""] ?? Number.NaN)) : Number.NaN;
}

/** Bounds of a duration, both inclusive, written as durations ("10ms", "1h"). */
export interface DurationBounds {
  readonly min?: string;
  readonly max?: string;
}

/**
 * Default maximum of a duration. It is shorter than the longest delay of setTimeout (2³¹ − 1 ms, about 24.8
 * days).
 */
const LONGEST_DURATION = "24d";

/** The form of a free text. */
export interface TextForm {
  readonly pattern: RegExp;
  /** `pattern` in words, shown in an error. */
  readonly expected: string;
}

function parseUrl(text: string, protocols: readonly string[]): string | typeof INVALID {
  return URL.canParse(text) && protocols.includes(new URL(text).protocol.slice(0, -1)) ? text : INVALID;
}

function urlText(protocols: readonly string[]): string {
  return `a URL that starts with ${protocols.map((p) => `${p}:`).join(" or ")}`;
}

/** Readers of single variables. A variable whose reader has no fallback is required. */
export const env = {
  /** A TCP port; with 0 the system chooses a free port. */
  port: (name: string, fallback?: number): EnvReader<number> =>
    reader(name, "a port from 0 to 65535 (0 = any free one)", fallback, (text) =>
      parseWithin(text, INTEGER, { min: 0, max: 65535 }),
    ),

  integer: (name: string, bounds: NumberBounds, fallback?: number): EnvReader<number> =>
    reader(name, boundsText("an integer", bounds), fallback, (text) => parseWithin(text, INTEGER, bounds)),

  number: (name: string, bounds: NumberBounds, fallback?: number): EnvReader<number> =>
    reader(name, boundsText("a number", bounds), fallback, (text) => parseWithin(text, DECIMAL, bounds)),

  /** A duration with its unit ("250ms", "2s", "5m", "1h", "7d"), read as whole milliseconds. */
  durationMs: (name: string, fallback?: string, { min = "0ms", max = LONGEST_DURATION }: DurationBounds = {}) =>
    reader<number>(
      name,
      `a duration from ${min} to ${max} with its unit: ms, s, m, h or d`,
      fallback === undefined ? undefined : parseDurationMs(fallback),
      (text) => {
        const ms = parseDurationMs(text);
        return ms >= parseDurationMs(min) && ms <= parseDurationMs(max) ? ms : INVALID;
      },
    ),

  /**
   * An absolute URL with one of `protocols` ("https", without the colon). Use `secretUrl` when the URL can
   * contain a password.
   */
  url: (name: string, protocols: readonly string[], fallback?: string): EnvReader<string> =>
    reader(name, urlText(protocols), fallback, (text) => parseUrl(text, protocols)),

  /** Like `url`, for URLs that contain credentials (databases, queues). */
  secretUrl: (name: string, protocols: readonly string[], fallback?: Secret): EnvReader<Secret> =>
    reader<Secret>(
      name,
      urlText(protocols),
      fallback,
      (text) => {
        const url = parseUrl(text, protocols);
        return url === INVALID ? INVALID : new Secret(url);
      },
      true,
    ),

  choice: <const C extends string>(name: string, choices: readonly C[], fallback?: C): EnvReader<C> =>
    reader<C>(name, `one of ${choices.join(", ")}`, fallback, (text) => choices.find((c) => c === text) ?? INVALID),

  flag: (name: string, fallback?: boolean): EnvReader<boolean> =>
    reader<boolean>(name, "true or false", fallback, (text) =>
      text === "true" || text === "1" ? true : text === "false" || text === "0" ? false : INVALID,
    ),

  /** A file system path, unchanged; the file need not exist. */
  path: (name: string, fallback?: string): EnvReader<string> =>
    reader(name, "a path of at most 4096 characters", fallback, (text) =>
      text.length <= 4096 && !text.includes("\0") ? text : INVALID,
    ),

  text: (name: string, form: TextForm, fallback?: string): EnvReader<string> =>
    reader(name, form.expected, fallback, (text) => (form.pattern.test(text) ? text : INVALID)),

  /** A key or password of printable ASCII, 1 to 4096 characters. */
  secret: (name: string): EnvReader<Secret> =>
    reader<Secret>(
      name,
      "a secret of at most 4096 printable ASCII characters",
      undefined,
      (text) => (/^[\x21-\x7e]{1,4096}$/.test(text) ? new Secret(text) : INVALID),
      true,
    ),

  /** Makes the variable of any reader optional: null when it is not set. */
  optional: <T>(of: EnvReader<T>): EnvReader<T | null> => ({ ...of, fallback: { value: null } }),
} as const;
