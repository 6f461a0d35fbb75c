import { createHmac } from "node:crypto";

/** Role of ops-service in an embedded server. It does not own the tables of the audit log. */
const SERVICE_ROLE = "bellwether_service";

/**
 * Returns the URL of an embedded server's database for the role of ops-service. Its password follows from that of the
 * owner, so that every process which knows the owner's knows it. ops-service creates the role.
 */
export function serviceRoleUrl(ownerUrl: string): string {
  const url = new URL(ownerUrl);
  const password = createHmac("sha256", decodeURIComponent(url.password)).update(SERVICE_ROLE).digest("base64url");
  url.username = SERVICE_ROLE;
  url.password = password;
  return url.href;
}
