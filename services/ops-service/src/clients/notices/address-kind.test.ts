import { expect, test } from "vitest";
import { addressKind, isLoopbackAddress } from "./address-kind.ts";

test.each([
  [
    "first and last addresses around RFC 1918",
    ["9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0"],
  ],
  [
    "addresses around loopback, link-local and shared address space",
    ["126.255.255.255", "128.0.0.1", "169.253.255.255", "169.255.0.0", "100.63.255.255", "100.128.0.0"],
  ],
  ["addresses around multicast and the first network", ["1.0.0.0", "223.255.255.255"]],
  ["global IPv6", ["2606:4700:4700::1111", "2a00:1450:4001:82a::200e"]],
  ["a public address in an IPv6 one", ["::ffff:8.8.8.8", "::ffff:808:808", "64:ff9b::8.8.8.8"]],
])("%s are public", (_, addresses) => {
  expect(addresses.map((one) => [one, addressKind(one)])).toEqual(addresses.map((one) => [one, "public"]));
});

test.each([
  ["loopback", ["127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1"]],
  ["RFC 1918", ["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255"]],
  ["shared address space", ["100.64.0.0", "100.127.255.255"]],
  ["unique local", ["fc00::1", "fdff::1"]],
  ["a private address behind a translator", ["64:ff9b::10.0.0.1", "64:ff9b::7f00:1"]],
])("%s is private", (_, addresses) => {
  expect(addresses.map((one) => [one, addressKind(one)])).toEqual(addresses.map((one) => [one, "private"]));
});

test.each([
  [
    "the metadata of cloud machines and other link-local",
    ["169.254.169.254", "169.254.0.1", "fe80::1", "::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "fe80::1%lo"],
  ],
  ["unspecified", ["0.0.0.0", "0.1.2.3", "::", "::ffff:0.0.0.0"]],
  ["multicast and broadcast", ["224.0.0.1", "239.255.255.255", "255.255.255.255", "ff02::1"]],
  [
    "reserved and documentation",
    ["240.0.0.1", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "192.0.0.8", "2001:db8::1"],
  ],
  [
    "IPv4 in deprecated forms of IPv6",
    ["::7f00:1", "::a00:1", "2002:7f00:1::", "2001::1", "64:ff9b:1::1", "fec0::1", "5f00::1"],
  ],
  ["a text that is not an address", ["", "localhost", "1.2.3.4.5", "::g"]],
])("%s is special, which is never allowed", (_, addresses) => {
  expect(addresses.map((one) => [one, addressKind(one)])).toEqual(addresses.map((one) => [one, "special"]));
});

test("only addresses of this machine are loopback", () => {
  expect(["127.0.0.1", "::1", "::ffff:127.9.9.9"].every(isLoopbackAddress)).toBe(true);
  expect(["10.0.0.1", "0.0.0.0", "::", "128.0.0.1", ""].some(isLoopbackAddress)).toBe(false);
});
