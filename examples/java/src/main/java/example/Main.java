package example;

import com.bellwether.inference.v1.Band;
import com.bellwether.inference.v1.ExplainRequest;
import com.bellwether.inference.v1.ExplainResponse;
import com.bellwether.inference.v1.NumberColumn;
import com.bellwether.inference.v1.PredictBatchRequest;
import com.bellwether.inference.v1.PredictBatchResponse;
import com.bellwether.inference.v1.PredictRequest;
import com.bellwether.inference.v1.PredictResponse;
import com.bellwether.inference.v1.Score;
import com.bellwether.inference.v1.Supplier;
import com.bellwether.ops.v1.RunState;
import com.bellwether.ops.v1.WatchAlertsRequest;
import com.bellwether.ops.v1.WatchAlertsResponse;
import com.bellwether.schedule.v1.TriggerRunRequest;
import com.bellwether.schedule.v1.TriggerRunResponse;
import com.bellwether.schedule.v1.WatchProgressRequest;
import com.bellwether.schedule.v1.WatchProgressResponse;
import com.google.gson.Gson;
import com.google.protobuf.Message;
import com.google.rpc.ErrorInfo;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Scores two suppliers, explains one, reads the first changes of alerts, and runs the present week.
 *
 * <p>ML_GRPC, OPS_GRPC and SCHEDULER_GRPC name other gRPC listeners than those of `npm start`, BELLWETHER_TOKEN a token or
 * an API key.
 */
public final class Main {
  private static final String[] NAMES = {
    "past_disputes", "late_ratio", "avg_delay", "delivery_score", "avg_payment_delay_days",
    "financial_stability_index", "dispute_rate", "clause_risk_score"
  };
  private static final float[] ACME = {7, 0.45f, 38, 71, 51, 0.42f, 0.2f, 55};
  private static final float[] BETA = {0, 0.02f, 1, 96, 5, 0.9f, 0, 10};

  // protoc-gen-grpc-java generates these from the services, where its program can be installed.
  private static final MethodDescriptor<PredictRequest, PredictResponse> PREDICT =
      method("inference.v1.InferenceService/Predict", MethodType.UNARY, PredictRequest.getDefaultInstance(), PredictResponse.getDefaultInstance());
  private static final MethodDescriptor<PredictBatchRequest, PredictBatchResponse> PREDICT_BATCH =
      method("inference.v1.InferenceService/PredictBatch", MethodType.UNARY, PredictBatchRequest.getDefaultInstance(), PredictBatchResponse.getDefaultInstance());
  private static final MethodDescriptor<ExplainRequest, ExplainResponse> EXPLAIN =
      method("inference.v1.InferenceService/Explain", MethodType.SERVER_STREAMING, ExplainRequest.getDefaultInstance(), ExplainResponse.getDefaultInstance());
  private static final MethodDescriptor<WatchAlertsRequest, WatchAlertsResponse> WATCH_ALERTS =
      method("ops.v1.AlertService/WatchAlerts", MethodType.SERVER_STREAMING, WatchAlertsRequest.getDefaultInstance(), WatchAlertsResponse.getDefaultInstance());
  private static final MethodDescriptor<TriggerRunRequest, TriggerRunResponse> TRIGGER_RUN =
      method("schedule.v1.ScheduleService/TriggerRun", MethodType.UNARY, TriggerRunRequest.getDefaultInstance(), TriggerRunResponse.getDefaultInstance());
  private static final MethodDescriptor<WatchProgressRequest, WatchProgressResponse> WATCH_PROGRESS =
      method("schedule.v1.ScheduleService/WatchProgress", MethodType.SERVER_STREAMING, WatchProgressRequest.getDefaultInstance(), WatchProgressResponse.getDefaultInstance());

  /** The deadline of the calls that end; watches have none. */
  private static CallOptions within() {
    return CallOptions.DEFAULT.withDeadlineAfter(30, TimeUnit.SECONDS);
  }

  private static <I extends Message, O extends Message> MethodDescriptor<I, O> method(String name, MethodType type, I request, O response) {
    return MethodDescriptor.<I, O>newBuilder()
        .setType(type)
        .setFullMethodName("bellwether." + name)
        .setRequestMarshaller(ProtoUtils.marshaller(request))
        .setResponseMarshaller(ProtoUtils.marshaller(response))
        .build();
  }

  public static void main(String[] args) throws Exception {
    ManagedChannel ml = connect("ML_GRPC", "localhost:9081");
    ManagedChannel ops = connect("OPS_GRPC", "localhost:9080");
    ManagedChannel scheduler = connect("SCHEDULER_GRPC", "localhost:9082");
    try {
      score(authorize(ml));
      watchAlerts(authorize(ops));
      runWeek(authorize(scheduler));
    } catch (StatusRuntimeException error) {
      // An error of a service has details: a stable reason, invalid fields, a delay for a retry.
      com.google.rpc.Status status = StatusProto.fromThrowable(error);
      for (com.google.protobuf.Any detail : status.getDetailsList())
        if (detail.is(ErrorInfo.class)) System.err.println("reason: " + detail.unpack(ErrorInfo.class).getReason());
      throw error;
    } finally {
      for (ManagedChannel channel : List.of(ml, ops, scheduler)) channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  private static void score(Channel ml) {
    Supplier.Builder acme = Supplier.newBuilder().setSupplierId("ACME");
    for (int i = 0; i < NAMES.length; i++) acme.putFeatures(NAMES[i], ACME[i]);
    Score score = ClientCalls.blockingUnaryCall(ml, PREDICT, within(), PredictRequest.newBuilder().setSupplier(acme).build()).getScore();
    print("score: ACME %.3f %s", score.getRiskScore(), score.getBand());

    PredictBatchRequest.Builder batch = PredictBatchRequest.newBuilder().addSupplierIds("ACME").addSupplierIds("BETA");
    for (int i = 0; i < NAMES.length; i++)
      batch.addNumbers(NumberColumn.newBuilder().setName(NAMES[i]).addValues(ACME[i]).addValues(BETA[i]));
    PredictBatchResponse scored = ClientCalls.blockingUnaryCall(ml, PREDICT_BATCH, within(), batch.build());
    ByteBuffer scores = scored.getRiskScores().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < batch.getSupplierIdsCount(); i++) {
      Band band = Band.forNumber(scored.getBands().byteAt(i));
      rows.add(String.format(Locale.ROOT, "%s %.3f %s", batch.getSupplierIds(i), scores.getDouble(), band));
    }
    print("batch: %s", String.join(", ", rows));

    ExplainRequest explain = ExplainRequest.newBuilder().setSupplier(acme).build();
    Iterator<ExplainResponse> parts = ClientCalls.blockingServerStreamingCall(ml, EXPLAIN, within(), explain);
    while (parts.hasNext()) {
      ExplainResponse part = parts.next();
      if (!part.hasContributions()) continue;
      print(
          "explain: %s",
          part.getContributions().getContributionsList().stream()
              .limit(3)
              .map(entry -> String.format(Locale.ROOT, "%s %+.2f", entry.getFeature(), entry.getContribution()))
              .collect(Collectors.joining(", ")));
    }
  }

  private static void watchAlerts(Channel ops) {
    // After sequence 0: from the first change of an alert. Without it, a watch begins now.
    WatchAlertsRequest request = WatchAlertsRequest.newBuilder().setAfterSequence(0).build();
    // Cancelling the context ends the watch.
    try (Context.CancellableContext context = Context.current().withCancellation()) {
      context.run(
          () -> {
            Iterator<WatchAlertsResponse> changes =
                ClientCalls.blockingServerStreamingCall(ops, WATCH_ALERTS, CallOptions.DEFAULT, request);
            while (changes.hasNext()) {
              WatchAlertsResponse message = changes.next();
              if (message.getAlertsCount() == 0) continue;
              print("alerts: %d changed, up to sequence %d", message.getAlertsCount(), message.getSequence());
              return;
            }
          });
    }
  }

  private static void runWeek(Channel scheduler) {
    TriggerRunRequest trigger = TriggerRunRequest.newBuilder().setScheduleId("weekly").build();
    String jobId = ClientCalls.blockingUnaryCall(scheduler, TRIGGER_RUN, within(), trigger).getJobId();
    WatchProgressRequest request = WatchProgressRequest.newBuilder().setJobId(jobId).build();
    WatchProgressResponse progress = WatchProgressResponse.newBuilder().setState(RunState.RUN_STATE_RUNNING).build();
    while (progress.getState() == RunState.RUN_STATE_RUNNING) {
      try {
        Iterator<WatchProgressResponse> messages =
            ClientCalls.blockingServerStreamingCall(scheduler, WATCH_PROGRESS, CallOptions.DEFAULT, request);
        while (messages.hasNext()) {
          WatchProgressResponse message = messages.next();
          // A message without a state only keeps the connection open.
          if (message.getState() != RunState.RUN_STATE_UNSPECIFIED) progress = message;
        }
      } catch (StatusRuntimeException error) {
        // The server ends each connection after half an hour: open the watch again.
        if (error.getStatus().getCode() != Status.Code.UNAVAILABLE) throw error;
      }
    }
    print(
        "run: %s %s, %d rows, run %d",
        progress.getIsoWeek(), progress.getState(), progress.getRowsScored(), progress.getRunId());
  }

  /** Opens a channel with the retries and the longest deadlines of the contract's service config. */
  private static ManagedChannel connect(String variable, String standard) throws Exception {
    String target = System.getenv().getOrDefault(variable, standard);
    Map<?, ?> config = new Gson().fromJson(Files.readString(Path.of("proto", "grpc-service-config.json")), Map.class);
    @SuppressWarnings("unchecked")
    Map<String, ?> serviceConfig = (Map<String, ?>) config;
    return Grpc.newChannelBuilder(target, InsecureChannelCredentials.create())
        .defaultServiceConfig(serviceConfig)
        .maxInboundMessageSize(64 << 20)
        .build();
  }

  /** Adds the token to each call. */
  private static Channel authorize(Channel channel) {
    Metadata headers = new Metadata();
    String token = System.getenv("BELLWETHER_TOKEN");
    if (token != null)
      headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
    return ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  private static void print(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }
}
