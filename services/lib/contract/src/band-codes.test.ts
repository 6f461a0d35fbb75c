import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { expect, test } from "vitest";
import { BAND_NUMBERS, BANDS, bandFromNumber, NO_BAND } from "./band-codes.ts";

test("bands have the numbers of bellwether.inference.v1.Band", () => {
  const { UNSPECIFIED, ...numbers } = Band;
  expect(NO_BAND).toBe(UNSPECIFIED);
  expect(Object.fromEntries(BANDS.map((band) => [band.toUpperCase(), BAND_NUMBERS[band]]))).toEqual(numbers);
});

test("each number has its band, and other numbers have none", () => {
  expect([1, 2, 3, 4].map(bandFromNumber)).toEqual(BANDS);
  for (const number of [NO_BAND, 5, -1, 1.5, Number.NaN]) expect(bandFromNumber(number)).toBeUndefined();
});
