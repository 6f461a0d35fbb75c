import { readEnv } from "@bellwether/env/env";
import { isToken, readTokenFile, TOKEN_FORM } from "@bellwether/env/text-file";
import type { MeshTransportOptions } from "@bellwether/mesh/client/mesh-transport";
import { peerSettings, serverEnv } from "@bellwether/mesh/server/server-env";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";

/**
 * Returns how the token of the caller is read: from the file in BELLWETHER_TOKEN_FILE, or BELLWETHER_TOKEN itself.
 * Undefined: there is none. @throws UsageError when both are set, or the token has characters that no token has
 */
export function callerToken({ env }: Pick<CliContext, "env">): (() => string) | undefined {
  const { BELLWETHER_TOKEN_FILE: file, BELLWETHER_TOKEN: text } = env;
  if (file && text) throw new UsageError("BELLWETHER_TOKEN_FILE and BELLWETHER_TOKEN exclude each other: set one");
  if (file) return () => readTokenFile("BELLWETHER_TOKEN_FILE", file);
  if (!text) return undefined;
  const token = text.trim();
  if (!isToken(token)) throw new UsageError(`BELLWETHER_TOKEN is not a token: expected ${TOKEN_FORM}`);
  return () => token;
}

/** Returns how a command identifies itself to a service. @throws EnvError, UsageError */
export function callerSettings(context: CliContext): Pick<MeshTransportOptions, "tls" | "token" | "allowCleartext"> {
  const settings = peerSettings(readEnv(context.env, serverEnv("OPS_SERVICE", { grpc: 0, web: 0, admin: 0 })));
  const token = callerToken(context);
  return { ...settings, ...(token && { token }) };
}
