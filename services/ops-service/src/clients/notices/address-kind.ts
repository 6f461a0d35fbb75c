import ipaddr from "ipaddr.js";

/**
 * Where an IP address leads. "public": the Internet. "private": this machine, or a network of its own (loopback,
 * RFC 1918, shared address space, unique local). "special": any other, for example link-local with the metadata
 * of cloud machines (169.254.169.254), multicast, unspecified and reserved.
 */
export type AddressKind = "public" | "private" | "special";

const PRIVATE: ReadonlySet<string> = new Set(["loopback", "private", "carrierGradeNat", "uniqueLocal"]);
/** The only IPv6 block from which global addresses are assigned (IANA, IPv6 address space). */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR("2000::/3");

/** Returns where an IP address leads. An IPv4 address in an IPv6 one (mapped, NAT64) counts as itself. */
export function addressKind(text: string): AddressKind {
  if (!ipaddr.isValid(text)) return "special";
  const address = ipaddr.process(text);
  const range = address.range();
  if (PRIVATE.has(range)) return "private";
  if (address instanceof ipaddr.IPv4) return range === "unicast" ? "public" : "special";
  // 64:ff9b::/96: a translator of the network sends the packets to the IPv4 address in the last four bytes.
  if (range === "rfc6052") return addressKind(address.toByteArray().slice(12).join("."));
  return range === "unicast" && address.match(GLOBAL_IPV6) ? "public" : "special";
}

/** Whether an IP address is this machine itself. */
export function isLoopbackAddress(text: string): boolean {
  return ipaddr.isValid(text) && ipaddr.process(text).range() === "loopback";
}
