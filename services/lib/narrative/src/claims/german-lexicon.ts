import type { Lexicon } from "./lexicon.ts";

/** Nouns that may follow the word of a band. */
const BANDED =
  "[risiko|risikobereich|risikoband|risikostufe|risikoniveau|risikoklasse|risikokategorie|band|bereich|stufe|kategorie|klasse|niveau|lieferantenrisiko]";

/** Endings of adjectives, for patterns such as `höher${E}`. */
const each = (stem: string): string => ["e", "en", "er", "es", "em"].map((end) => `${stem}${end}`).join("|");

/** The German words of checked sentences. */
export const GERMAN_LEXICON: Lexicon = {
  parts: {
    riskNoun:
      "(risiko|risikos|risikowert|risikowerts|risikowertes|score|risikoscore|risiko-score|wert|bewertung|einstufung|risikobewertung|risikoeinschätzung|gesamtrisiko|risikoniveau)",
    article:
      "(das|der|die|den|dem|des|ein|eine|einen|einer|einem|eines|sein|seine|seinen|seiner|seinem|dieses|dieser|diese|diesen|diesem)",
    riskOf: "([{article}] {riskNoun} [des lieferanten|dieses lieferanten])",
    factor:
      "(faktor|faktoren|merkmal|merkmale|merkmalen|kennzahl|kennzahlen|einfluss|einflüsse|treiber|größe|größen|grund|gründe)",
    topWord: `(${each("wichtigst")}|${each("größt")}|${each("stärkst")}|${each("bedeutendst")}|${each("wesentlichst")}|${each("gewichtigst")})`,
    typ: `(typisch|üblich|typischerweise|üblicherweise|normalerweise|gewöhnlich|${each("typisch")}|${each("üblich")}|${each("gewöhnlich")}|median)`,
    level: "(wert|wertes|werts|niveau|maß|median)",
    effect: "(wirkung|einfluss|effekt|einflüsse|beitrag|gewicht|auswirkung|merkmal|merkmale|faktor|faktoren|merkmalen)",
    more: "(höheren|erhöhten|gestiegenen|größeren|höhere|erhöhte|größere|höheres|erhöhtes|größeres|höherer|erhöhter)",
    less: "(niedrigeren|geringeren|kleineren|niedrigere|geringere|kleinere|niedrigeres|geringeres|kleineres|niedrigerer|geringerer|gesenkten|reduzierten)",
  },
  words: {
    determiner: [
      "{article}",
      "(dieser|diese|dieses|jene|ihr|ihre|unter den|unter diesen)",
      "(des lieferanten|dieses lieferanten|beim lieferanten|bei diesem lieferanten)",
    ],
    is: [
      "(ist|sind|hat|haben|liegt|liegen|beträgt|betragen|weist|weisen|steht|stehen|wäre|wären|sind es|es sind|es ist|hier|lautet|kommt|kommen|zeigt|zeigen|liegt bei|liegen bei)",
      "(der wert beträgt|der wert ist|der wert liegt bei|das bei|der bei|die bei|das mit|der mit|die mit)",
      "mit einem wert von",
    ],
    preposition: ["(von|mit|bei|=|:|in höhe von)"],
    agent: ["(durch|für|zu|aus)"],
    passive: ["(wird|werden)"],
    adverb: [
      "(auch|zudem|außerdem|ebenfalls|zusätzlich|ferner|weiter|weiterhin|darüber hinaus|des weiteren|daneben|ebenso|hingegen|dagegen|jedoch|hinzu kommt|hinzu kommen|dazu kommt|dazu kommen|schließlich|und zwar|da|er|sie|unter anderem|hinzu|noch|wiederum|dabei|hier|insgesamt|gleichzeitig|demgegenüber|umgekehrt|sich|es|was|das|dies|auf|spricht|sprechen|wirkt|wirken|wirkt sich|wirken sich|trägt|tragen|bei|zählen|zählt|zu den|zum|zur|finden sich|findet sich|geht von|gehen von|aus|ins gewicht|fällt|fallen|folgende|folgenden|weitere|weiterer|weiteres|weiteren|ein weiterer|ergibt sich aus|ergeben sich aus|nämlich|der|die|aufgrund von|kommt von|kommen von|gilt|gelten|als|tragen ebenfalls|in geringerem maße|in geringerem umfang)",
    ],
    noun: ["{factor}", "(gewicht|größen|aspekt|aspekte|punkte|posten)"],
    valueOf: ["[{article}] [wert|wertes] (von|für|bei)", "[der] (wert|höhe)", "(angaben|daten|werte) (zu|für)"],
    joint: ["(und|sowie|und auch|sowie auch|als auch)"],
    split: ["(während|aber|wohingegen|hingegen|dagegen|jedoch|doch)"],
    risk: ["{riskOf}", "(risiko|score)", "(es|ihn)"],
    up: [
      `(${each("risikoerhöhend")}|${each("risikosteigernd")}|risikoerhöhend|risikosteigernd|belastend|${each("belastend")}|steigernd|erhöhend|${each("erhöhend")}|${each("steigernd")}|negativ|${each("negativ")}|nachteilig|ungünstig|${each("ungünstig")}) [{effect}|begriffe|wörter|seite]`,
      "(risikotreiber|risikotreibern|risikofaktor|risikofaktoren|risikoerhöhung)",
      "(zu|zum|zu einem|für das|für ein|für einen|für den|des|ein|einem|einen|das) {more} {riskNoun}",
      "[{article}] (erhöhung|steigerung) [{riskOf}]",
      "{riskOf} (nach oben|in die höhe)",
      "auf der negativen seite",
      "(lässt|lassen) {riskOf} steigen",
      "[spricht|sprechen] gegen (den|diesen) lieferanten [spricht|sprechen]",
      "(nach oben (wirken|wirkt)|einfluss nach oben|effekt nach oben|gewicht nach oben)",
    ],
    down: [
      `(${each("risikosenkend")}|${each("risikomindernd")}|risikosenkend|risikomindernd|entlastend|${each("entlastend")}|senkend|mindernd|dämpfend|${each("dämpfend")}|${each("senkend")}|${each("mindernd")}|positiv|vorteilhaft|${each("vorteilhaft")}|${each("positiv")}|günstig|${each("günstig")}) [{effect}|begriffe|wörter|seite]`,
      "(entlastungsfaktor|entlastungsfaktoren|risikosenkung|risikominderung)",
      "(zu|zum|zu einem|für das|für ein|für einen|für den|des|ein|einem|einen|das) {less} {riskNoun}",
      "[{article}] (verringerung|senkung|minderung|reduzierung|reduktion) [{riskOf}]",
      "{riskOf} nach unten",
      "auf der positiven seite",
      "(lässt|lassen) {riskOf} sinken",
      "[spricht|sprechen] für (den|diesen) lieferanten [spricht|sprechen]",
      "(nach unten (wirken|wirkt)|einfluss nach unten|effekt nach unten|gewicht nach unten)",
    ],
    upVerb: [
      "(erhöht|erhöhen|steigert|steigern|vergrößert|vergrößern|verstärkt|verstärken|verschlechtert|verschlechtern|belastet|belasten|gesteigert|nach oben getrieben|nach oben gezogen|steigt|steigen)",
    ],
    downVerb: [
      "(senkt|senken|verringert|verringern|mindert|mindern|reduziert|reduzieren|vermindert|vermindern|verkleinert|verkleinern|verbessert|verbessern|entlastet|entlasten|dämpft|dämpfen|gesenkt|gemindert|nach unten gedrückt|nach unten gezogen|sinkt|sinken)",
    ],
    push: ["(treibt|treiben|drückt|drücken|zieht|ziehen|bewegt|bewegen|hebt|heben)"],
    upParticle: ["(nach oben|in die höhe|an)"],
    downParticle: ["nach unten"],
    top: [
      "[{article}] {topWord}",
      "(am stärksten|am meisten|am deutlichsten|vor allem|hauptsächlich|in erster linie|an erster stelle|allen voran|überwiegend|vorwiegend|maßgeblich|besonders stark|besonders|insbesondere)",
      "(ausschlaggebend|hauptgrund|haupttreiber|hauptfaktor)",
    ],
    order: ["[,] (gefolgt von|danach folgt|danach folgen|danach|dann|als nächstes)"],
    above: [
      `[und damit|damit|und liegt] (über|oberhalb|höher als|größer als|mehr als) ({typ}|[{article}] {typ} [{level}] [von]|[dem|der] (norm|normalwert) [von])`,
      "(übersteigt|überschreitet|übersteigen|überschreiten)",
    ],
    below: [
      "[und damit|damit|und liegt] (unter|unterhalb|niedriger als|kleiner als|weniger als|geringer als) ({typ}|[{article}] {typ} [{level}] [von]|[dem|der] (norm|normalwert) [von])",
      "(unterschreitet|unterschreiten)",
    ],
    aboveAdjective: [`(hoch|${each("hoh")}|${each("erhöht")})`],
    belowAdjective: [`(niedrig|gering|${each("niedrig")}|${each("gering")})`],
    typical: [
      "{typ} [{level}] [sind|ist|wären|wäre|von|:|bei]",
      "[{article}] {typ} [{level}] [sind|ist|wären|wäre|von|:|bei|beträgt]",
    ],
    versus: [
      "(gegenüber|statt|anstelle von|im vergleich zu|im vergleich zum|verglichen mit|anstatt|im gegensatz zu) [{article}] [{typ}] [{level}] [von]",
    ],
    missing: [
      `(nicht bekannt|unbekannt|fehlt|fehlen|nicht verfügbar|nicht angegeben|unklar|unklar bleiben|unklar bleibt|fehlend|ohne wert|ohne angabe|${each("fehlend")}|${each("unbekannt")}|nicht berücksichtigt) [wert bei|wert für|wert von|wert]`,
      "(keine|kein|ohne|fehlende) (daten|werte|angaben|angabe|wert|informationen) [(liegen|liegt) vor] [(zu|für|über|von|bei|sind|liegen|liegt|gibt es zu|gibt es für|vorhanden|vor zu)]",
      "[es] (liegen|liegt) (keine|kein) (daten|werte|angaben|angabe|wert|informationen) (zu|für)",
      "(vor|gibt es (keine|keinen) (daten|werte|angaben|informationen))",
      "(liegen|liegt) (keine|kein) (daten|werte|angaben|angabe|wert|informationen) vor",
      "(datenlücken|datenlücke|lücken) [(bestehen|besteht)] [bei|in]",
      "(konnte|konnten) nicht berücksichtigt werden",
      "(wurde|wurden) (keine|kein) (daten|werte|angaben|wert) übermittelt",
      "(es fehlen|es fehlt) [(angaben|daten|werte|der wert|die werte) (zu|für|von|bei)]",
      "dass",
    ],
    contract: [
      "(im|in dem|aus dem|der|des|den|dem|in diesem) (vertrag|vertragstext|vertrags|vertrages|vertragstextes|wortlaut|vertragswortlaut)",
      "(der wortlaut des vertrags|des vertrags|aus dem vertrag)",
      `(vertragswörter|wörter|wörtern|wort|begriffe|begriffen|begriff|formulierungen|vertragsbegriffe|${each("vertraglich")})`,
      "(enthält|enthalten|nennt|verwendet|wie|durch wörter wie)",
    ],
    score: [
      "(der|die|das|ein|eine|einen|einem|einer|dem|den|des|sein|seine)",
      "(ergebnis|ergebnis für|wir sehen|bei|vor|lieferant|lieferanten|risikowert|risiko|score|risikoscore|risiko-score|wert|stufe|einstufung|bewertung|risikoeinschätzung|modell|niveau|kategorie|bereich|risikostufe|laut|zusammengefasst|insgesamt|aktuell|berechnete|berechneter|geschätzte|geschätztes|geschätzter|lautet|beziffert)",
      "(wird|wurde|hat|ist|liegt|liegt bei|beträgt|ergibt|ergibt sich|weist|auf|zeigt|erreicht|bedeutet|kommt|gehört|fällt|befindet|befindet sich|bewertet|berechnet|eingestuft|entspricht|gilt|zeigt|erhält|bekommt|steht)",
      "(mit|für|bei|von|in|im|und|damit|somit|also|was|als|zu|zur|zum|auf|das|die|es|sich|laut)",
    ],
  },
  bands: {
    unknown: [],
    low: [`(niedrig|gering|${each("niedrig")}|${each("gering")}) ${BANDED}`],
    medium: [`(mittel|${each("mittler")}|mäßig) ${BANDED}`],
    high: [`(hoch|${each("hoh")}) ${BANDED}`],
  },
};
