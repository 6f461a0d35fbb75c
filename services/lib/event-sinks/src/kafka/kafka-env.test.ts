import { inspect } from "node:util";
import { readEnv } from "@bellwether/env/env";
import { expect, test } from "vitest";
import { KAFKA_ENV, readKafkaSettings } from "./kafka-env.ts";

const read = (source: Record<string, string>) => readKafkaSettings(readEnv(source, KAFKA_ENV), "SINKS", "client");
const LOCAL = { KAFKA_BROKERS: "127.0.0.1:9092,[::1]:9093,localhost:9094" };

test("brokers on this machine may be used in clear text, others only when it is allowed", () => {
  expect(read(LOCAL)).toEqual({
    ...{ clientId: "client", brokers: ["127.0.0.1:9092", "[::1]:9093", "localhost:9094"], tls: null, sasl: null },
  });
  const remote = { KAFKA_BROKERS: "localhost:9092,kafka.example.org:9092" };
  expect(() => read(remote)).toThrow(
    /kafka\.example\.org:9092 in clear text: set KAFKA_TLS=true, or KAFKA_ALLOW_CLEARTEXT=true/,
  );
  expect(read({ ...remote, KAFKA_ALLOW_CLEARTEXT: "true" }).tls).toBeNull();
  expect(read({ ...remote, KAFKA_TLS: "true" }).tls).toEqual({});
});

test.each([
  [{}, /SINKS names kafka, which needs KAFKA_BROKERS/],
  [{ ...LOCAL, KAFKA_TLS_CA: "/ca.pem" }, /need KAFKA_TLS=true/],
  [{ ...LOCAL, KAFKA_TLS: "true", KAFKA_TLS_CERT: "/c.pem" }, /KAFKA_TLS_CERT and KAFKA_TLS_KEY belong together/],
  [
    { ...LOCAL, KAFKA_TLS: "true", KAFKA_TLS_CA: "/dev/null/ca.pem" },
    /KAFKA_TLS_CA: \/dev\/null\/ca\.pem cannot be read \(ENOTDIR\)/,
  ],
  [{ ...LOCAL, KAFKA_SASL_PASSWORD: "geheim" }, /belong together: set all three/],
  [{ KAFKA_BROKERS: "kafka.example.org" }, /KAFKA_BROKERS: found .* expected brokers such as/],
  [{ ...LOCAL, KAFKA_SASL_MECHANISM: "GSSAPI" }, /one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512/],
])("%j is rejected with the variable and the way out", (source: Record<string, string>, expected) => {
  expect(() => read(source)).toThrow(expected);
});

test("settings that are printed do not show the password", () => {
  const sasl = { KAFKA_SASL_MECHANISM: "PLAIN", KAFKA_SASL_USERNAME: "ada", KAFKA_SASL_PASSWORD: "geheim" };
  const settings = read({ ...LOCAL, ...sasl });
  expect(settings.sasl?.password.reveal()).toBe("geheim");
  expect(`${JSON.stringify(settings)}${inspect(settings, { depth: 9 })}`).not.toContain("geheim");
});
