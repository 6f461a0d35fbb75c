import { readEnv } from "@bellwether/env/env";
import { sharedEnv } from "@bellwether/env/shared-env";
import { createSeal } from "@bellwether/mesh/auth/seal";
import { sessionKeys } from "@bellwether/mesh/auth/session-keys";
import { sealLink } from "@bellwether/mesh/auth/sign-in-link";
import { isLoopback } from "@bellwether/mesh/listener/listen";
import { serverEnv } from "@bellwether/mesh/server/server-env";
import { type CliContext, dataFolder } from "../context/cli-context.ts";

/**
 * Returns the path, with fragment, of a link with which one person can sign in once within 10 minutes, on this
 * machine. Null: nobody needs to sign in, or people sign in at an identity provider.
 * @throws Error when the session key cannot be used
 */
export async function signInLink(context: CliContext): Promise<string | null> {
  const read = readEnv(context.env, {
    ...serverEnv("OPS_SERVICE", { grpc: 0, web: 0, admin: 0 }),
    sessionKey: sharedEnv.sessionKey,
    sessionKeyFile: sharedEnv.sessionKeyFile,
  });
  const hasAuthentication = read.authJwksFile !== null || read.authJwksUrl !== null || read.authIdentities !== null;
  if (!hasAuthentication || context.env.BELLWETHER_OIDC_ISSUER || !isLoopback(read.host)) return null;
  const keys = await sessionKeys({ ...read, dataDir: dataFolder(context) });
  const code = await sealLink(createSeal(keys, Date.now), context.env.USER || "local", Date.now());
  return `/#/sign-in?code=${code}`;
}
