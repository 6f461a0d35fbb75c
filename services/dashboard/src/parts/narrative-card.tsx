import {
  type NarrativeInfo,
  NarrativeLanguage,
  NarrativeOutcome,
} from "@bellwether/gen/bellwether/inference/v1/narrative_pb";
import { SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { Failure, Loading } from "./load-states.tsx";
import { madeBy } from "./narrative-source.ts";

/** The languages of narratives, each with its name and its code in HTML. */
const LANGUAGES = [
  [NarrativeLanguage.ENGLISH, "English", "en"],
  [NarrativeLanguage.GERMAN, "Deutsch", "de"],
] as const;

/** The latest score in sentences, on request: a language model may have to choose what they state. */
export function NarrativeCard({ supplierId, modelName }: { supplierId: string; modelName: string }) {
  const [language, setLanguage] = useState<NarrativeLanguage>();
  const got = useQuery(
    SupplierService.method.narrateSupplier,
    { supplierId, modelName, language: language ?? NarrativeLanguage.UNSPECIFIED },
    { enabled: language !== undefined, staleTime: Number.POSITIVE_INFINITY },
  );
  const code = LANGUAGES.find(([one]) => one === language)?.[2];
  return (
    <section className="card" aria-labelledby="in-words">
      <h2 id="in-words">In words</h2>
      <p>
        {LANGUAGES.map(([one, name, lang]) => (
          <button key={one} type="button" lang={lang} aria-pressed={one === language} onClick={() => setLanguage(one)}>
            {name}
          </button>
        ))}
      </p>
      {language !== undefined && got.isPending && <Loading what="the sentences" />}
      {got.isError && <Failure error={got.error} onRetry={() => void got.refetch()} />}
      {got.data && (
        <>
          <p lang={code}>
            {got.data.sentences.map((sentence, i) => (
              <Sentence
                key={sentence}
                text={sentence}
                isMarked={
                  got.data.info?.outcome === NarrativeOutcome.SENTENCES_REPLACED && isTemplate(got.data.info, i)
                }
              />
            ))}
          </p>
          <p className="quiet">{visibleText(madeBy(got.data.info))}</p>
        </>
      )}
    </section>
  );
}

const isTemplate = ({ templateSentences }: NarrativeInfo, position: number): boolean =>
  templateSentences.includes(position);

/** A sentence; one that the service added to those that a language model chose is marked. */
function Sentence({ text, isMarked }: { text: string; isMarked: boolean }) {
  const shown = visibleText(text);
  return isMarked ? <mark title="Added by Bellwether">{shown} </mark> : <>{shown} </>;
}
