/** A URL of PostgreSQL whose `sslmode` node-postgres takes as libpq does: "require" encrypts and does not look at the certificate. */
export function libpqUrl(url: string): string {
  const parsed = new URL(url);
  if (parsed.searchParams.has("sslmode")) parsed.searchParams.set("uselibpqcompat", "true");
  return parsed.href;
}
