import { UsageError } from "../errors/usage-error.ts";
import { ML_EXAMPLE_URL } from "./peer-url.ts";

/**
 * Reads `--url`, the URL of a web listener or of a path before it, and returns it without a slash at its end.
 * @throws UsageError that never repeats credentials or a query
 */
export function listenerUrl(given: string): string {
  const expected = `expected an http or https URL such as ${ML_EXAMPLE_URL}`;
  const { protocol, origin, pathname, username, password, search, hash } = URL.canParse(given)
    ? new URL(given)
    : { protocol: "", origin: "", pathname: "", username: "", password: "", search: "", hash: "" };
  // A text with an @ may have credentials, also when it is not a URL.
  if (username !== "" || password !== "" || (protocol === "" && given.includes("@")))
    throw new UsageError(
      `--url: credentials do not belong into the URL; set BELLWETHER_TOKEN_FILE to a file with a token or an API key; ${expected}`,
    );
  if (protocol !== "http:" && protocol !== "https:")
    throw new UsageError(given.includes("@") ? `--url: ${expected}` : `--url ${JSON.stringify(given)}: ${expected}`);
  if (search !== "" || hash !== "") throw new UsageError(`--url: a query or a fragment is not sent; ${expected}`);
  return origin + pathname.replace(/\/+$/, "");
}
