/**
 * Words that are in texts of the product and of its users without naming a supplier: function words, states and kinds of stored data, and
 * words about suppliers and weeks. Lower case.
 */
const ORDINARY: ReadonlySet<string> = new Set(
  (
    "a about above accept acceptance accepted according account acknowledge acknowledged action actions active actor address after again " +
    "alarm alarms alert alerts all allowed almost also always amount an and any api approval approve approved are as ask asked aspect assign " +
    "assigned at audit available away back backtest bad band bands base batch be because been before began below best better between big both " +
    "budget bundle but by call called calls can cancelled capacity category categories cause caused challenger champion change changed changes " +
    "check checked checks chunk cleared closed code column columns comment commented company complete completed contract correct corrected cost " +
    "count country created critical criticality csv currency customer daily data database date day days dead deadline decided decision default " +
    "deescalated delay delayed delivery deliveries detail did different digest disposition dispute disputes do does done down draft drift drop " +
    "due duplicate during each early effect email empty end ended entry erased error escalated escalation even event events every evidence " +
    "example expected export exposure external failed failure false feature features figure file files first follow for force forced forecast " +
    "found from full gate gone good group groups had half has have he held her here high higher highest his history hold holder host how id if " +
    "impact import imported improved in incomplete increased index ingest input inputs invalid invoice invoices is issue issues it item its job " +
    "json just keep kept key kind know known lapsed large last late later latest lead learn least left less letter letters level like limit " +
    "limits line list listed lists local long loss losses lost low lower lowered lowest mail main many market material materials mean median " +
    "medium meeting merge merged message mine missed missing mitigate mitigated mitigation model models money month months more most moved " +
    "movers moving much must name named names narrative never new next no none normal not note notes nothing notice notices now number numbers " +
    "numeric object of off offer old on once one only open opened opening or order orders other others our out outcome outcomes over overdue " +
    "override overridden overtaken owner owners page paid part parts pass passed past payload payment payments people person phase phone plan " +
    "point points policy possible prediction predictions present previous price prices problem process product production promotion published " +
    "purchase quality query queue raise raised range rate ratio raw reached read reason reasons reassigned recent record recorded reference region " +
    "regions registry rejected rejections removed renamed reopened repeated replaced replay report reported reports request requested required " +
    "resolve resolved result results retired retrain revenue review revision rise riser rises risk risks rose row rows rule rules run running " +
    "same sample sales score scored scorecard scores second see seen sent service set sets severe severity shared share she shipment short should " +
    "signal site size small snapshot snooze snoozed some source sources spend stage started start state stay still stock stop stopped strong " +
    "subject such sum summary supersede superseded supplier suppliers supply system table taken talks task team test tested text texts than that " +
    "the their them then there these they this those three time times to today together tomorrow too top total trained training trend true two " +
    "type under undo undone unit units unknown until up update updated us use used user validate value values vendor version versions very void " +
    "voided wait waiting wake warning was watch watchlist we weak week weekly weeks well went were what when where which while who whole why will " +
    "with withdrawn without woken word words work working works worse worst would wrong year years yes yesterday yet you your"
  ).split(" "),
);

/** Whether a text consists of ordinary words. Found in other texts, they would not be the name of a supplier. */
export function isOrdinary(name: string): boolean {
  const words = name.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.length > 0 && words.every((word) => ORDINARY.has(word));
}
