// Scores two suppliers, explains one, reads the first changes of alerts, and runs the present week.
//
// ML_URL, OPS_URL and SCHEDULER_URL name other web listeners than those of `npm start`, BELLWETHER_TOKEN a token or an API key.
package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log"
	"math"
	"net/http"
	"os"
	"strings"
	"time"

	"connectrpc.com/connect"
	inferencev1 "example/gen/bellwether/inference/v1"
	"example/gen/bellwether/inference/v1/inferencev1connect"
	opsv1 "example/gen/bellwether/ops/v1"
	"example/gen/bellwether/ops/v1/opsv1connect"
	schedulev1 "example/gen/bellwether/schedule/v1"
	"example/gen/bellwether/schedule/v1/schedulev1connect"
	"google.golang.org/protobuf/proto"
)

var names = []string{
	"past_disputes", "late_ratio", "avg_delay", "delivery_score", "avg_payment_delay_days", "financial_stability_index",
	"dispute_rate", "clause_risk_score",
}
var acme = []float32{7, 0.45, 38, 71, 51, 0.42, 0.2, 55}
var beta = []float32{0, 0.02, 1, 96, 5, 0.9, 0, 10}

func main() {
	inference := inferencev1connect.NewInferenceServiceClient(http.DefaultClient, url("ML_URL", "http://localhost:8081"), authorize())
	alerts := opsv1connect.NewAlertServiceClient(http.DefaultClient, url("OPS_URL", "http://localhost:8080"), authorize())
	schedules := schedulev1connect.NewScheduleServiceClient(http.DefaultClient, url("SCHEDULER_URL", "http://localhost:8082"), authorize())

	// The deadline of the calls that end; watches have none.
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()

	features := map[string]float64{}
	for i, name := range names {
		features[name] = float64(acme[i])
	}
	supplier := &inferencev1.Supplier{SupplierId: "ACME", Features: features}
	predicted, err := inference.Predict(ctx, connect.NewRequest(&inferencev1.PredictRequest{Supplier: supplier}))
	check(err)
	fmt.Printf("score: ACME %.3f %s\n", predicted.Msg.GetScore().GetRiskScore(), predicted.Msg.GetScore().GetBand())

	batch := &inferencev1.PredictBatchRequest{SupplierIds: []string{"ACME", "BETA"}}
	for i, name := range names {
		batch.Numbers = append(batch.Numbers, &inferencev1.NumberColumn{Name: name, Values: []float32{acme[i], beta[i]}})
	}
	scored, err := inference.PredictBatch(ctx, connect.NewRequest(batch))
	check(err)
	rows := []string{}
	for i, id := range batch.SupplierIds {
		score := math.Float64frombits(binary.LittleEndian.Uint64(scored.Msg.RiskScores[8*i:]))
		rows = append(rows, fmt.Sprintf("%s %.3f %s", id, score, inferencev1.Band(scored.Msg.Bands[i])))
	}
	fmt.Println("batch:", strings.Join(rows, ", "))

	explained, err := inference.Explain(ctx, connect.NewRequest(&inferencev1.ExplainRequest{Supplier: supplier}))
	check(err)
	for explained.Receive() {
		if list := explained.Msg().GetContributions(); list != nil {
			largest := []string{}
			for _, entry := range list.Contributions[:3] {
				largest = append(largest, fmt.Sprintf("%s %+.2f", entry.Feature, entry.Contribution))
			}
			fmt.Println("explain:", strings.Join(largest, ", "))
		}
	}
	check(explained.Err())

	// AfterSequence 0: from the first change of an alert. Without it, a watch begins now.
	watching, stop := context.WithCancel(context.Background())
	changes, err := alerts.WatchAlerts(watching, connect.NewRequest(&opsv1.WatchAlertsRequest{AfterSequence: proto.Uint64(0)}))
	check(err)
	for changes.Receive() {
		if message := changes.Msg(); len(message.Alerts) > 0 {
			fmt.Printf("alerts: %d changed, up to sequence %d\n", len(message.Alerts), message.Sequence)
			stop()
			break
		}
	}
	stop()

	job, err := schedules.TriggerRun(ctx, connect.NewRequest(&schedulev1.TriggerRunRequest{ScheduleId: "weekly"}))
	check(err)
	progress := &schedulev1.WatchProgressResponse{State: opsv1.RunState_RUN_STATE_RUNNING}
	for progress.State == opsv1.RunState_RUN_STATE_RUNNING {
		watch, err := schedules.WatchProgress(context.Background(), connect.NewRequest(&schedulev1.WatchProgressRequest{JobId: job.Msg.JobId}))
		check(err)
		for watch.Receive() {
			// A message without a state only keeps the connection open.
			if watch.Msg().State != opsv1.RunState_RUN_STATE_UNSPECIFIED {
				progress = proto.CloneOf(watch.Msg())
			}
		}
		// The server ends each connection after half an hour, with UNAVAILABLE: open the watch again.
		if err := watch.Err(); err != nil && connect.CodeOf(err) != connect.CodeUnavailable {
			log.Fatal(err)
		}
	}
	fmt.Printf("run: %s %s, %d rows, run %d\n", progress.IsoWeek, progress.State, progress.RowsScored, progress.RunId)
}

func url(variable, standard string) string {
	if found := os.Getenv(variable); found != "" {
		return found
	}
	return standard
}

// authorize adds the token to each call.
func authorize() connect.ClientOption {
	token := os.Getenv("BELLWETHER_TOKEN")
	return connect.WithInterceptors(&bearer{token})
}

type bearer struct{ token string }

func (b *bearer) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
		b.set(request.Header())
		return next(ctx, request)
	}
}

func (b *bearer) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		stream := next(ctx, spec)
		b.set(stream.RequestHeader())
		return stream
	}
}

func (b *bearer) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

func (b *bearer) set(header http.Header) {
	if b.token != "" {
		header.Set("authorization", "Bearer "+b.token)
	}
}

func check(err error) {
	if err == nil {
		return
	}
	// An error of a service has details: a stable reason, invalid fields, a delay for a retry.
	if found := new(connect.Error); errors.As(err, &found) {
		for _, detail := range found.Details() {
			if value, err := detail.Value(); err == nil {
				log.Printf("%s: %v", detail.Type(), value)
			}
		}
	}
	log.Fatal(err)
}
