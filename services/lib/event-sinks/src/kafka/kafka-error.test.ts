import { expect, test } from "vitest";
import { KafkaRecordsTooLargeError, KafkaSendError, toKafkaError } from "./kafka-error.ts";

const place = { brokers: ["k1:9092", "k2:9092"], topics: ["calls"], tls: null, sasl: null };
const withPassword = {
  ...place,
  sasl: { mechanism: "PLAIN" as const, username: "ada", password: "geheim-42" },
};
/** An error as the Kafka client throws it: the cause is nested, and properties have the connection. */
const nested = (properties: object): Error =>
  new AggregateError(
    [Object.assign(new Error("inner"), { connection: { sasl: withPassword.sasl }, ...properties })],
    "Producing messages failed.",
  );

test.each([
  [{ apiId: "UNKNOWN_TOPIC_OR_PARTITION" }, /k1:9092, k2:9092 has no topic calls: create it/],
  [
    { apiId: "TOPIC_AUTHORIZATION_FAILED" },
    /user ada is not authorised to write to topic calls .*k1:9092.*Describe and Write/,
  ],
  [{ apiId: "CLUSTER_AUTHORIZATION_FAILED" }, /IdempotentWrite/],
  [{ apiId: "SASL_AUTHENTICATION_FAILED" }, /rejects the sign-in of user ada: check KAFKA_SASL_MECHANISM/],
  [{ apiId: "NOT_ENOUGH_REPLICAS" }, /min\.insync\.replicas/],
  [{ code: "ERR_SSL_WRONG_VERSION_NUMBER" }, /does not use TLS: name the port with TLS, or set KAFKA_TLS=false/],
  [{ code: "SELF_SIGNED_CERT_IN_CHAIN" }, /not accepted \(SELF_SIGNED_CERT_IN_CHAIN\): check KAFKA_TLS_CA/],
  [
    { code: "ECONNREFUSED" },
    /does not store records of topic calls \(ECONNREFUSED\): check KAFKA_BROKERS; if the port uses TLS/,
  ],
])("%j is one line with broker, topic and way out, without the password", (properties, expected) => {
  const error = toKafkaError(nested(properties), withPassword);
  expect(error).toBeInstanceOf(KafkaSendError);
  expect(error.message).toMatch(expected);
  expect(JSON.stringify([error.message, error.stack, error.cause, { ...error }])).not.toContain("geheim");
});

test("records that are too large are an error of their own", () => {
  const error = toKafkaError(nested({ apiId: "MESSAGE_TOO_LARGE" }), place);
  expect(error).toBeInstanceOf(KafkaRecordsTooLargeError);
  expect(error.message).toMatch(/topic calls .*max\.message\.bytes/);
});

test("an error that contains itself, and a value that is not an error, end", () => {
  const error = new Error("loop");
  error.cause = error;
  expect(toKafkaError(error, place).message).toMatch(/no answer/);
  expect(toKafkaError("text", place).message).toMatch(/no answer/);
});
