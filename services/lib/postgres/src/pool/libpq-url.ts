/**
 * Returns a PostgreSQL URL for which node-postgres applies `sslmode` as libpq does: "require" encrypts and
 * does not verify the certificate.
 */
export function libpqUrl(url: string): string {
  const parsed = new URL(url);
  if (parsed.searchParams.has("sslmode")) parsed.searchParams.set("uselibpqcompat", "true");
  return parsed.href;
}
