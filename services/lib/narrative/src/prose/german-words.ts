import { germanAdjectives, germanForms, type WordList } from "./word-roles.ts";

const TOP_STEMS =
  "wichtigst größt stärkst bedeutendst führend oberst vorderst hauptsächlich maßgeblich gewichtigst höchst entscheidend bestimmend vorrangig dominierend wesentlich einflussreichst relevantest";

/** Words that a German sentence about a score needs. Left out on purpose: what the facts cannot confirm. */
export const GERMAN_WORDS: WordList = {
  plain: [
    "signalisiert,verschaffen,verschafft,üben,übt,durch,fällt in,fallen in,fällt unter,ins gewicht fällt,ins gewicht fallen,fällt ins gewicht,sprechen,spricht,bewirkt,bewirken,entsteht,entstehen,lagen,lag,dahinter,folgende,folgenden,folgendes,der,die,das,des,dem,den,ein,eine,einen,einem,einer,eines,dieser,diese,dieses,diesem,diesen,sein,seine,seinem,seinen,seiner,seines,ihr,ihre,ihrem,ihren,ihrer,unser,unsere,unserem,unseren,unserer,von,vom,mit,in,im,an,am,auf,aus,bei,beim,zu,zum,zur,für,nach,um,innerhalb,neben,daneben,zwischen,hinter,dahinter,dabei,damit,dafür,dazu,davon,darunter,hierzu,hier,dort,dadurch,hieran,daran,darin,als,wie,wie auch,sowie,so,also,etwa,beispielsweise,zum beispiel,z.b.,d.h.,das heißt,und zwar,nämlich,oder,laut,gemäß,zufolge,bezüglich,hinsichtlich,gemessen,per,je,jeweils,jedes,jede,jeder,jedes davon",
    "er,sie,es,ihm,ihn,ihnen,man,wir,uns,sich,welche,welcher,welches,welchem,welchen,deren,dessen,was,wobei,wo,da,dass,so ist,so liegt,worin",
    "auch,ebenfalls,gleichfalls,ebenso,zudem,außerdem,ferner,darüber hinaus,weiterhin,des weiteren,zusätzlich,weiter,weitere,weiteren,weiteres,weiterer,weiterem,noch,andere,anderen,anderer,anderes,anderem,zusammen,gemeinsam,insgesamt,alles in allem,zusammengenommen,alles zusammengenommen,im ganzen,kurz gesagt,kurz,zusammengefasst,schließlich,derzeit,aktuell,aktuelle,aktuellen,aktueller,gegenwärtig,momentan,insbesondere,besonders,vor,allesamt,alle,sie alle",
    "einerseits,andererseits,auf der einen,auf der anderen,auf der einen seite,auf der anderen seite,auf der anderen seite stehen,auf,einen,umgekehrt,im gegenzug,zugleich,gleichzeitig,demgegenüber,dagegen,hingegen,indes,mit anderen worten,genauer,im einzelnen,in dieser bewertung,in diesem fall,im vergleich,nach dem modell,den zahlen nach,durch das modell,betrachtet,auf basis,auf grundlage,anhand,angesichts,bei einem wert,hervorzuheben",
    "hat,haben,hatte,hatten,wird,werden,wurde,wurden,worden,lautet,lauten,lässt,lassen,bringt,bringen,gebracht,macht,machen,gemacht,kommt,kommen,kam,geht,gehen,steht,stehen,stehend,stand,zieht,ziehen,gezogen,drückt,drücken,gedrückt,treibt,treiben,getrieben,hält,halten,gehalten,führt,führen,geführt,bewegt,bewegen,gibt,gibt es,geben,gilt,gelten,zählt,zählen,gehört,gehören,fällt,fallen,landet,rangiert,befindet,befinden,findet,finden,zu finden,verzeichnet,verzeichnen,weist,weisen,zeigt,zeigen,sieht,sehen,nennt,nennen,genannt,genannten,meldet,gemeldet,stuft,eingestuft,ein,eingeordnet,ordnet,einordnet,einzustufen,klassifiziert,bewertet,bewerten,beurteilt,betrachtet,angesehen,anzusehen,zugeordnet,zugewiesen,berechnet,errechnet,ermittelt,geschätzt,geschätzte,bestimmt,vergibt,vergeben,erhält,erhalten,bekommt,bekam,erzielt,erreicht,ergibt,ergeben,entspricht,entsprechen,beträgt,betragen,belaufen,beläuft,liegt,liegen,lag,enthält,enthalten,enthaltene,enthaltenen,steht im,erwähnt,nutzt,bedeutet,bedeuten,kommt auf,gelangt,nimmt,nehmen,spielt,spielen,eine rolle,rolle,auf,ab,an,aus,ein,bei,zu,zurück,zurückführen,lässt sich,schließen,schließt,tun,tut,bleibt,bleiben,dient,dienen,ausgedrückt,besteht,bestehen,verbundene,verbunden,arbeitet,beruht,fußt,basiert,verdient,bestätigt,sind es,es sind,sind,ist,war,waren,sei,wäre,wären,arbeitete,wirkt,wirken,wirkend,wirkende,wirkenden,auswirkt,auswirken,hinzu,kommt hinzu,kommen hinzu,kommen dazu,dazukommt,dazukommen,obendrauf",
    "richtung,seite,seiten,stelle,platz,spitze,liste,rang,reihe,reihenfolge,bild,stufe,stufen,kategorie,kategorien,bereich,band,klasse,gruppe,risikostufe,risikobereich,risikoband,risikoklasse,risikokategorie,risikoskala,skala,einstufung,bewertung,beurteilung,gesamturteil,urteil,ergebnis,resultat,auswertung,analyse,wahrscheinlichkeit,fall,kern,zahl,zahlen,anteil,hinweis,überblick,fazit,kopf,wort,wörter,worte,begriff,begriffe,begriffen,formulierung,formulierungen,klausel,klauseln,wortlaut,sprache,text,ausdrücke,passagen,angabe,eingabe,eingaben,felder,feld,punkt,nach gewicht absteigend,gewicht nach,unterstützt",
  ].join(","),
  be: "ist,sind,bleibt,bleiben,liegt,liegen,war",
  noun: "angaben,informationen,einzelheiten,merkmal,merkmale,merkmalen,faktor,faktoren,element,elemente,aspekt,aspekte,größe,größen,kennzahl,kennzahlen,datenpunkt,datenpunkte,einfluss,einflüsse,wirkung,wirkungen,auswirkung,auswirkungen,effekt,effekte,beitrag,beiträge,kraft,kräfte,druck,gewicht,gewichte,stand,stände,ständen,niveau,posten,wert von,werte von,der wert von,ein wert von,wert bei,werte bei,werten bei,werte,werten,teil,komponenten,komponente,signal,unterschied",
  all: "alle,alles,sämtliche,jedes,jeder,jede",
  both: "beide,beides,beiden",
  body: "lieferant,lieferanten,lieferants,firma,unternehmen,modell,modells,unser modell,datensatz,daten,system,profil",
  contract:
    "vertrag,vertrags,vertrages,vertragstext,vertragstexts,vertragstextes,vertragsbegriffe,vertragsbegriffen,vertragswörter,vertragswörtern,vertragsformulierungen,vertragsworte,vertragsklauseln,vertragssprache,vertraglich,vertragliche,vertraglichen",
  risk: "risiko,risikos,risikowert,risikowerts,risikowertes,wert,werts,wertes,gesamtrisiko,gesamtwert,score,scores,risikoniveau,risikoeinschätzung,risikobewertung,lieferantenrisiko,ausfallrisiko,bewertung,einstufung,rating,risikostufe",
  it: "es,er,sie,ihn,ihm,dies,das,diese,dieses,dieser,beide,beides,alle,sie alle,jedes davon,diese werte,diese merkmale,was,die,der,dasselbe,jeweils,diesen",
  and: "und,sowie,und auch,als auch",
  split: "während,wohingegen,aber,jedoch,obwohl,obgleich,doch,hingegen,dagegen,trotz,andererseits,wogegen",
  up: [
    "nach oben,aufwärts,auftrieb,ungünstig,nachteilig,negativ,erschwerend",
    germanAdjectives(
      "ungünstig nachteilig negativ risikoerhöhend risikosteigernd risikotreibend belastend erhöhend steigernd verschärfend",
    ),
    "risikotreiber,risikotreibern,risikofaktor,risikofaktoren,risikoseite,haupttreiber,hauptproblem,treiber des risikos,erhöhung,erhöhungen,anstieg,anstiege,steigerung,steigerungen,belastung,belastungen,auf der negativen seite,sorge,sorgen,problem,probleme,schwachpunkt,schwachpunkte,schwäche,schwächen,warnzeichen",
    "gegen den lieferanten,spricht gegen,sprechen gegen,zu ungunsten des lieferanten,zuungunsten des lieferanten,zum risiko bei,zum risiko bei trägt,zum wert bei,zu einem höheren risiko,zu einem höheren wert,zum höheren risiko,zum höheren wert,zum erhöhten wert,zum erhöhten risiko,fügt dem risiko,fügen dem risiko,höheres risiko,höheren risiko,höherer wert,höheren wert,höhere risiko,höhere wert,riskanter,schadet,schaden,mehr risiko,weiteres risiko,zusätzliches risiko,erhöhten wert,erhöhte wert,erhöhte risiko,erhöhten risiko,erhöhtes risiko,in die falsche richtung",
  ].join(","),
  down: [
    "nach unten,abwärts,abtrieb,günstig,vorteilhaft,positiv,zugunsten des lieferanten,zu gunsten des lieferanten,für den lieferanten,für ihn,spricht für,sprechen für,auf der habenseite,habenseite,auf der positiven seite,auf der plusseite,positiv ist,unproblematisch",
    germanAdjectives(
      "günstig vorteilhaft positiv risikosenkend risikomindernd entlastend senkend mindernd mildernd dämpfend beruhigend hilfreich schützend risikoverringernd",
    ),
    "entlastung,entlastungen,entspannung,senkung,senkungen,minderung,minderungen,verringerung,verringerungen,rückgang,gegengewicht,gegengewichte,schutz,stärke,stärken,pluspunkt,pluspunkte,nützt,nützen,hilft,helfen,profitiert,profitieren,nimmt ihm,nehmen ihm,dem wert risiko nimmt,risiko nimmt",
    "niedrigeres risiko,niedrigeren risiko,geringeres risiko,geringeren risiko,geringere risiko,niedrigere risiko,niedrigerer wert,niedrigeren wert,geringeren wert,das risiko niedrig,den wert niedrig,sicherer,weniger riskant,geringerem risiko",
  ].join(","),
  upVerb: [
    germanForms("belast erhöh steiger verstärk verschärf vergrößer verschlechter heb"),
    "steigt,steigen,gestiegen,gesteigert,angehoben,hebt,verschlechtert,vergrößert,höher,erhöht,wächst,wachsen,aufblähen,blähen,bläht,schlechter,zunimmt,steigend",
  ].join(","),
  downVerb: [
    germanForms(
      "senk minder verringer reduzier milder dämpf verbesser entlast brems schwäch begrenz linder abmilder schmäler verkleiner",
    ),
    "sinkt,sinken,gesunken,gesenkt,gemindert,gemildert,abgemildert,gedämpft,gebremst,gelindert,geschwächt,abgeschwächt,mildert,mildern,verringert,begrenzt,niedriger,geringer,schrumpfen,abnimmt,besser,abschwächen,schwächt,lindert,bremst",
  ].join(","),
  source:
    "zurück,zurückführen,treiber,treibern,trägt,tragen,beiträgt,beitragen,beigetragen,grund,gründe,gründen,hauptgrund,ursache,ursachen,hauptursache,hauptquelle,quelle,quellen,hauptfaktor,verantwortlich,verantwortung,verursacht,verursachen,zuzuschreiben,erklärt,erklären,prägt,prägen,geprägt,stammt,stammen,auffällig,hervorzuheben,wiegt,wiegen,zählt,zählen,ausschlaggebend,maßgeblich,zu buche,schlägt,ins gewicht,sorgen für,dahinter stehen,dahinter steht,folgt aus,folgt hauptsächlich aus,folgt vor allem aus,ergibt sich vor allem aus,ergibt sich aus,ergeben sich aus,zurückzuführen,machen aus,ausmacht,ausmachen",
  above:
    "über,übersteigt,übersteigen,überschreitet,überschreiten,höher als,größer als,mehr als,oberhalb,darüber,über dem typischen,über dem üblichen,über ihren typischen,über seinem typischen",
  below:
    "unter,unterschreitet,unterschreiten,niedriger als,geringer als,kleiner als,weniger als,unterhalb,darunter liegt,liegt darunter,bleibt unter,bleibt hinter,unter dem typischen,unter dem üblichen,unter ihren typischen",
  higher: "höher,höhere,höheren,höherer,höheres,größer,größere",
  lower: "niedriger,niedrigere,niedrigeren,geringer,geringere,geringeren,kleiner,kleinere",
  high: germanAdjectives("hoh groß").concat(",hoch"),
  medium: germanAdjectives("mittler").concat(",mittel"),
  low: germanAdjectives("niedrig gering klein"),
  top: `${germanAdjectives(TOP_STEMS)},am meisten,am stärksten,am schwersten,am wichtigsten,am weitesten,am größten,am höchsten,vor allem,in erster linie,zuerst,zuallererst,hauptgrund,hauptursache,hauptquelle,hauptfaktor,haupttreiber,hauptproblem,hauptsächlich,überwiegend,vorwiegend,vornehmlich,an erster stelle,an der spitze,ganz oben,an vorderster stelle,im vordergrund,vorn,erste,erster,ersten,führt die liste,führt,mehr als alles andere,stärker als alles andere,primär,ausschlaggebend,maßgeblich,am einflussreichsten,am entscheidendsten,am deutlichsten,den ausschlag`,
  order:
    "gefolgt von,folgt,folgen,dann,danach,darauf,anschließend,als nächstes,nächste,nächster,nächstes,nächsten,zuletzt,vor,in dieser reihenfolge,schließen sich an,in geringerem maße,dahinter kommt,dahinter kommen,dahinter folgt,dahinter folgen",
  same: "ebenso,ebenfalls,gleichfalls,gleiches gilt,dasselbe,dasselbe gilt,das gleiche gilt,in dieselbe richtung,in derselben richtung,dieselbe richtung,in die gleiche richtung,auch,desgleichen,genauso",
  opposite:
    "gegenrichtung,in die gegenrichtung,in der gegenrichtung,entgegengesetzt,entgegen,gegenteil,das gegenteil,in die andere richtung,wirken dem entgegen,wirkt dem entgegen,dem stehen,dem steht,gleichen,gleicht,ausgleichen,dagegen wirken,dagegen wirkt,dem gegenüber,dem entgegen",
  missing: [
    "fehlt,fehlen,fehlend,fehlende,fehlenden,fehlendem,fehlender,fehlendes,unbekannt,unbekannte,unbekannten,unbekanntes,unbekannter,nicht bekannt,bekannt nicht,nicht verfügbar,nicht verfügbare,nicht angegeben,nicht erfasst,nicht vorhanden,nicht enthalten,nicht gemeldet,unbestimmt,unbestimmte,leer,leere,lücke,lücken,datenlücke,datenlücken,offen,offene,ohne wert,ohne werte,das fehlen von,fehlen von,nicht bekannt sind,nicht bekannt ist",
    "keine angaben,keine daten,keine werte,keine informationen,keine zahlen,kein wert,keinen wert,keinen wert hat,hat keinen wert,gibt es keinen wert,gibt es keine daten,gibt es keine werte,liegen keine angaben vor,liegen keine daten vor,liegen keine informationen vor,liegen keine zahlen vor,keine angaben vor,keine informationen vor,keine zahlen vor,keine daten vor,ist nichts bekannt,nichts bekannt,nichts vorliegt,liegt nichts vor,konnte nicht berücksichtigt werden,konnten nicht berücksichtigt werden,konnte nicht einbezogen werden,konnten nicht einbezogen werden,wurden nicht angegeben,wurde nicht angegeben,wurden nicht erfasst,lagen nicht vor,nicht vor,existieren keine werte,haben wir nicht,hatte keine werte,arbeitete ohne,kein eintrag,keine einträge",
  ].join(","),
  typical: `${germanAdjectives("typisch üblich normal gewöhnlich")},typischerweise,üblicherweise,normalerweise,gewöhnlich,median,standard,norm,typisch wären,typisch wäre,üblich wären,üblich wäre,typisch sind,üblich sind,das typische,dem typischen,am typischen`,
  versus:
    "gegenüber,statt,anstatt,anstelle,verglichen,verglichen mit,im vergleich zu,im vergleich mit,als,während,statt typischerweise,bei typischen,bei üblichen",
  cause:
    "weil,da,denn,wegen,aufgrund,infolge,dank,daher,deshalb,deswegen,somit,folglich,dadurch,damit,also,sodass,liegt an,führt zu,führen zu,geht auf,gehen auf,beruht auf,kommt von,rührt von",
};
