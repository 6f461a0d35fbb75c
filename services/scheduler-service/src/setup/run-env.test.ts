import { readEnv } from "@bellwether/env/env";
import { expect, test } from "vitest";
import { RUN_ENV } from "./run-env.ts";

const chunkRows = (text?: string) => readEnv({ WEEKLY_CHUNK_ROWS: text }, { rows: RUN_ENV.chunkRows }).rows;

test("the size of a chunk is 256 to 8,192 suppliers, by default 4,096", () => {
  expect([chunkRows(), chunkRows("256"), chunkRows("8192")]).toEqual([4_096, 256, 8_192]);
  for (const outside of ["255", "8193", "4096.5", "many"])
    expect(() => chunkRows(outside)).toThrow("an integer from 256 to 8192 (suppliers)");
});

test("an invalid URL of the results is an error that does not show it", () => {
  const read = (text: string) => () => readEnv({ WEEKLY_RESULTS_URL: text }, { url: RUN_ENV.resultsUrl });
  expect(read("s3://bucket/prefix")()).toEqual({ url: "s3://bucket/prefix" });
  for (const url of ["s3:/AKIA:hidden@bucket", "https://account.blob.core.windows.net/c?sig=hidden"])
    expect(read(url)).toThrow(/^(?![\s\S]*hidden)[\s\S]*WEEKLY_RESULTS_URL: found \[redacted\]/);
});
