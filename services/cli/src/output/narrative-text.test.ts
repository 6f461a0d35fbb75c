import { expect, test } from "vitest";
import { narrativeMadeBy } from "./narrative-text.ts";

test.each([
  [{ generated: false }, "from the template"],
  [{ generated: false, outcome: "NOT_CONFIGURED" }, "from the template"],
  [
    { generated: false, outcome: "REJECTED", rejection: "CLAIMS" },
    "from the template: the answer of the language model did not pass the check (REJECTED, CLAIMS)",
  ],
  [
    { generated: false, language: "de", outcome: "MALFORMED" },
    "aus der Vorlage: die Antwort des Sprachmodells ist nicht vollständig oder hat eine andere Form (MALFORMED)",
  ],
  [{ generated: false, outcome: "LATER" }, "from the template: LATER"],
  [{ generated: false, language: "de" }, "aus der Vorlage"],
  [
    {
      ...{ generated: true, language: "de", outcome: "SENTENCES_REPLACED" },
      template_sentences: [1],
      rejected_sentences: 2,
    },
    "Aussagen gewählt von einem Sprachmodell, in den Worten des Dienstes, geprüft; Satz 2 vom Dienst ergänzt; 2 Sätze ohne Aussage nicht gezeigt",
  ],
  [{ generated: false, outcome: "TIMEOUT" }, "from the template: the language model did not answer in time (TIMEOUT)"],
  [
    { generated: true, outcome: "ACCEPTED", language_model: "m", wordings: ["SERVICE"] },
    "chosen by m, in the words of the service, checked",
  ],
  [
    {
      generated: true,
      outcome: "SENTENCES_REPLACED",
      language_model: "m",
      template_sentences: [0, 3],
      rejected_sentences: 1,
    },
    "chosen by m, in the words of the service, checked; sentence 1, 4 added by the service; 1 sentence without claims not shown",
  ],
])("%j: %s", (info, expected) => {
  expect(narrativeMadeBy(info)).toBe(expected);
});
