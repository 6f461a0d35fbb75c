import { readEnv } from "@bellwether/env/env";
import { expect, test } from "vitest";
import { EXPORT_ENV, readExportSettings } from "./export-env.ts";

const read = (url: string, sinks = "archive") =>
  readExportSettings(readEnv({ BELLWETHER_EVENT_SINKS: sinks, BELLWETHER_EVENT_ARCHIVE_URL: url }, EXPORT_ENV));
const messageFor = (url: string): string => {
  try {
    read(url);
  } catch (error) {
    return String(error);
  }
  return "accepted";
};

test("an archive's URL with credentials is rejected at the start, and no part of it is shown", () => {
  for (const url of [
    "s3://AKIA:S3cr3tPw@bucket/p?region=x",
    "s3://bucket/p?secret=S3cr3tPw",
    "s3://bucket/p?endpoint=https://AKIA:S3cr3tPw@host",
    "azure://AKIA:S3cr3tPw@container/p",
  ]) {
    expect(messageFor(url), url).toMatch(/^Error: BELLWETHER_EVENT_ARCHIVE_URL: .*must not contain credentials/);
    expect(messageFor(url), url).not.toMatch(/S3cr3tPw|AKIA/);
  }
  expect(messageFor("s3://bucket/a//S3cr3tPw")).toBe(
    "Error: BELLWETHER_EVENT_ARCHIVE_URL: its prefix is not a valid key of an object",
  );
});

test("URLs of buckets, containers and folders are accepted", () => {
  for (const url of ["s3://bucket/p?region=x", "azure://container/p", "file:/archive", "file:archive"])
    expect(read(url)?.archive?.url).toBe(url);
});
