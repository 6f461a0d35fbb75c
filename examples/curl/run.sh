#!/usr/bin/env bash
# Scores two suppliers, explains one, reads the first changes of alerts, and runs the present week, with curl and jq.
# ML_URL, OPS_URL and SCHEDULER_URL name other web listeners than those of `npm start`, BELLWETHER_TOKEN a token or an API key.
set -euo pipefail
ml=${ML_URL:-http://localhost:8081} ops=${OPS_URL:-http://localhost:8080} scheduler=${SCHEDULER_URL:-http://localhost:8082}
auth=(${BELLWETHER_TOKEN:+-H "authorization: Bearer $BELLWETHER_TOKEN"})

# Posts JSON and prints the answer. A failure is printed with its URL instead of being passed on. $1: URL, $2: body.
post() {
  local answer
  answer=$(curl -sS --fail-with-body "${auth[@]}" -H 'content-type: application/json' "$1" -d "$2" 2>&1) && printf '%s\n' "$answer" && return
  echo "$1: $answer" >&2
  echo "Is this the web listener of the right service? ML_URL, OPS_URL and SCHEDULER_URL name them; npm start prints them." >&2
  return 1
}

# A unary RPC: the message as JSON. $1: URL, $2: service/method, $3: message.
call() { post "$1/bellwether.$2" "$3"; }

# A stream of messages, of which each has a prefix of 5 bytes: a flag and the length. $3: message of at most 255 bytes;
# more arguments are options of curl. Prints one line per message; the last one is {"error": …} when the stream failed.
stream() {
  printf "\\0\\0\\0\\0\\x$(printf %02x ${#3})%s" "$3" |
    curl -sS "${auth[@]}" -H 'content-type: application/connect+json' "$1/bellwether.$2" --data-binary @- "${@:4}" |
    LC_ALL=C tr '\000-\037' '\n' | LC_ALL=C grep -ao '{".*}'
}

features='"past_disputes":7,"late_ratio":0.45,"avg_delay":38,"delivery_score":71,"avg_payment_delay_days":51,
  "financial_stability_index":0.42,"dispute_rate":0.2,"clause_risk_score":55'

call "$ml" inference.v1.InferenceService/Predict "{\"supplier\":{\"supplier_id\":\"ACME\",\"features\":{$features}}}" |
  jq -r '.score | "score: \(.supplierId) \(.riskScore * 1000 | round / 1000) \(.band)"'

# Scores and bands are bytes: base64 in JSON. jq decodes the bands; od reads the scores.
batch=$(call "$ml" inference.v1.InferenceService/PredictBatch '{"supplier_ids":["ACME","BETA"],"numbers":[
  {"name":"past_disputes","values":[7,0]},{"name":"late_ratio","values":[0.45,0.02]},{"name":"avg_delay","values":[38,1]},
  {"name":"delivery_score","values":[71,96]},{"name":"avg_payment_delay_days","values":[51,5]},
  {"name":"financial_stability_index","values":[0.42,0.9]},{"name":"dispute_rate","values":[0.2,0]},
  {"name":"clause_risk_score","values":[55,10]}]}')
read -r acme beta < <(jq -r .riskScores <<<"$batch" | base64 -d | LC_ALL=C od -An -tf8 -w16)
read -r acme_band beta_band < <(jq -r .bands <<<"$batch" | base64 -d | od -An -tu1)
bands=(BAND_UNSPECIFIED BAND_UNKNOWN BAND_LOW BAND_MEDIUM BAND_HIGH)
LC_ALL=C printf 'batch: ACME %.3f %s, BETA %.3f %s\n' "$acme" "${bands[acme_band]}" "$beta" "${bands[beta_band]}"

# The path /explain takes and returns plain JSON: one line per part.
post "$ml/explain" "{\"supplier_id\":\"ACME\",$features}" |
  jq -r 'select(.contributions) | "explain: " + ([.contributions.contributions[:3][] |
    "\(.feature) \(if .contribution > 0 then "+" else "" end)\(.contribution * 100 | round / 100)"] | join(", "))'

# after_sequence 0: from the first change of an alert. A watch does not end, so curl ends it after 3 seconds.
alerts=$(stream "$ops" ops.v1.AlertService/WatchAlerts '{"after_sequence":"0"}' --max-time 3 2>/dev/null |
  jq -nr '[inputs | select(.alerts)][0] // empty | "alerts: \(.alerts | length) changed, up to sequence \(.sequence)"') || true
[ -n "$alerts" ] || { echo "$ops sent no change of an alert within 3 s; is OPS_URL the web listener of ops-service?" >&2; exit 1; }
echo "$alerts"

job=$(call "$scheduler" schedule.v1.ScheduleService/TriggerRun '{"schedule_id":"weekly"}' | jq -r .jobId)
stream "$scheduler" schedule.v1.ScheduleService/WatchProgress "{\"job_id\":\"$job\"}" |
  jq -nr '[inputs | select(.state)] | last | "run: \(.isoWeek) \(.state), \(.rowsScored) rows, run \(.runId)"'
