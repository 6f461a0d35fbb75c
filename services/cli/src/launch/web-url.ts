/**
 * Returns the URL of a web listener on this machine, as it is printed.
 * @param isSecure whether the listener uses TLS
 */
export function webUrl(
  { addresses }: { readonly addresses: { readonly web: { readonly port: number } } },
  isSecure: boolean,
): string {
  return `${isSecure ? "https" : "http"}://localhost:${addresses.web.port}`;
}
