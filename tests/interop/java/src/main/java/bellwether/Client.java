package bellwether;

import com.google.gson.Gson;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import com.google.rpc.BadRequest;
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
import io.grpc.stub.StreamObserver;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;

/** Runs the cases with grpc-java. Arguments: host:port, file with a FileDescriptorSet. One line of JSON per case on standard output. */
public final class Client {
  private static final String PACKAGE = "bellwether.echo.v1";
  private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

  private final Map<String, FileDescriptor> files;
  private final Channel channel;

  private Client(Map<String, FileDescriptor> files, Channel channel) {
    this.files = files;
    this.channel = channel;
  }

  public static void main(String[] args) throws Exception {
    ManagedChannel channel =
        Grpc.newChannelBuilder(args[0], InsecureChannelCredentials.create()).maxInboundMessageSize(16 << 20).build();
    FileDescriptorSet set = FileDescriptorSet.parseFrom(Files.readAllBytes(Path.of(args[1])));
    Map<String, FileDescriptorProto> protos =
        set.getFileList().stream().collect(Collectors.toMap(FileDescriptorProto::getName, file -> file));
    Map<String, FileDescriptor> files = new HashMap<>();
    for (String name : protos.keySet()) link(name, protos, files);
    new Client(files, channel).runCases();
    channel.shutdownNow();
  }

  private void runCases() throws Exception {
    MethodDescriptor<DynamicMessage, DynamicMessage> echo = method("Echo", MethodType.UNARY);
    MethodDescriptor<DynamicMessage, DynamicMessage> count = method("Count", MethodType.SERVER_STREAMING);

    String asked = "{\"id\": \"interop\", \"features\": {\"a\": 1.5, \"ü\": -2.25}, \"text\": \"Lieferant é 😀\", \"payload\": \"AP8=\"}";
    DynamicMessage answer = call(echo, CallOptions.DEFAULT, request(asked));
    report("unary", JsonFormat.printer().omittingInsignificantWhitespace().print(echoed(answer)));

    List<Object> numbers = new ArrayList<>();
    Iterator<DynamicMessage> counted =
        ClientCalls.blockingServerStreamingCall(channel, count, CallOptions.DEFAULT, parse("CountRequest", "{\"to\": 3}"));
    counted.forEachRemaining(message -> numbers.add(field(message, "number")));
    report("server_stream", numbers.toString());

    StatusRuntimeException failed =
        failure(() -> call(echo, CallOptions.DEFAULT, request("{\"id\": \"x\", \"behavior\": {\"failCode\": 9, \"failText\": \"no détail 100%\"}}")));
    ErrorInfo info = detail(failed, ErrorInfo.class);
    report(
        "error_details",
        "{\"code\": %d, \"message\": %s, \"reason\": %s, \"domain\": %s, \"asked\": %s}"
            .formatted(code(failed), quoted(failed.getStatus().getDescription()), quoted(info.getReason()), quoted(info.getDomain()),
                quoted(info.getMetadataOrThrow("asked"))));

    StatusRuntimeException invalid = failure(() -> call(echo, CallOptions.DEFAULT, request("{\"id\": \"\"}")));
    String fields =
        detail(invalid, BadRequest.class).getFieldViolationsList().stream().map(violation -> quoted(violation.getField())).toList().toString();
    report("validation", "{\"code\": %d, \"fields\": %s}".formatted(code(invalid), fields));

    CallOptions hurried = CallOptions.DEFAULT.withDeadlineAfter(200, TimeUnit.MILLISECONDS);
    reportCode("deadline", failure(() -> call(echo, hurried, request("{\"id\": \"x\", \"behavior\": {\"delay\": \"30s\"}}"))));

    Context.CancellableContext context = Context.current().withCancellation();
    context.run(() -> reportCode("cancel", failure(() -> {
      Iterator<DynamicMessage> endless =
          ClientCalls.blockingServerStreamingCall(channel, count, CallOptions.DEFAULT, parse("CountRequest", "{\"to\": 1000000}"));
      endless.next();
      context.cancel(null);
      endless.forEachRemaining(message -> {});
    })));

    reportMetadata(echo);

    DynamicMessage unzipped =
        call(echo, patient().withCompression("gzip"), request("{\"id\": \"zipped\", \"text\": \"%s\"}".formatted("z".repeat(100_000))));
    report("gzip", "{\"id\": %s, \"size\": %d}".formatted(quoted((String) field(echoed(unzipped), "id")), ((String) field(echoed(unzipped), "text")).length()));

    byte[] sevens = new byte[3 << 20];
    Arrays.fill(sevens, (byte) 7);
    Descriptor requestType = type("EchoRequest");
    DynamicMessage big =
        DynamicMessage.newBuilder(requestType)
            .setField(requestType.findFieldByName("id"), "big")
            .setField(requestType.findFieldByName("payload"), ByteString.copyFrom(sevens))
            .build();
    ByteString payload = (ByteString) field(echoed(call(echo, patient(), big)), "payload");
    long sum = 0;
    for (byte b : payload) sum += b;
    report("big", "{\"size\": %d, \"sum\": %d}".formatted(payload.size(), sum));

    report("bidi", chat("a", "b").stream().map(Client::quoted).toList().toString());
  }

  private void reportMetadata(MethodDescriptor<DynamicMessage, DynamicMessage> echo) {
    Metadata tag = new Metadata();
    tag.put(key("echo-request"), "tag");
    AtomicReference<Metadata> headers = new AtomicReference<>();
    AtomicReference<Metadata> trailers = new AtomicReference<>();
    Channel tagged =
        ClientInterceptors.intercept(
            channel, MetadataUtils.newAttachHeadersInterceptor(tag), MetadataUtils.newCaptureMetadataInterceptor(headers, trailers));
    ClientCalls.blockingUnaryCall(tagged, echo, CallOptions.DEFAULT, request("{\"id\": \"m\", \"behavior\": {}}"));
    report(
        "metadata",
        "{\"header\": %s, \"trailer\": %s}".formatted(quoted(headers.get().get(key("echo-header"))), quoted(trailers.get().get(key("echo-trailer")))));
  }

  private List<String> chat(String... texts) throws Exception {
    CompletableFuture<List<String>> done = new CompletableFuture<>();
    List<String> seen = new ArrayList<>();
    StreamObserver<DynamicMessage> out =
        ClientCalls.asyncBidiStreamingCall(
            channel.newCall(method("Chat", MethodType.BIDI_STREAMING), CallOptions.DEFAULT),
            new StreamObserver<DynamicMessage>() {
              @Override
              public void onNext(DynamicMessage message) {
                seen.add((String) field(message, "text"));
              }

              @Override
              public void onError(Throwable error) {
                done.completeExceptionally(error);
              }

              @Override
              public void onCompleted() {
                done.complete(seen);
              }
            });
    for (String text : texts) out.onNext(parse("ChatRequest", "{\"text\": \"%s\"}".formatted(text)));
    out.onCompleted();
    return done.get(10, TimeUnit.SECONDS);
  }

  private static FileDescriptor link(String name, Map<String, FileDescriptorProto> protos, Map<String, FileDescriptor> done)
      throws Exception {
    if (done.containsKey(name)) return done.get(name);
    FileDescriptorProto proto = protos.get(name);
    List<FileDescriptor> imports = new ArrayList<>();
    for (String imported : proto.getDependencyList()) imports.add(link(imported, protos, done));
    FileDescriptor file = FileDescriptor.buildFrom(proto, imports.toArray(FileDescriptor[]::new));
    done.put(name, file);
    return file;
  }

  private Descriptor type(String name) {
    return files.get("bellwether/echo/v1/echo_service.proto").findMessageTypeByName(name);
  }

  /** Options of a large call: without a deadline of the client the server's is 2 s, which a new JVM on a busy machine can exceed. */
  private static CallOptions patient() {
    return CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS);
  }

  private MethodDescriptor<DynamicMessage, DynamicMessage> method(String name, MethodType kind) {
    return MethodDescriptor.<DynamicMessage, DynamicMessage>newBuilder()
        .setType(kind)
        .setFullMethodName(MethodDescriptor.generateFullMethodName(PACKAGE + ".EchoService", name))
        .setRequestMarshaller(ProtoUtils.marshaller(DynamicMessage.getDefaultInstance(type(name + "Request"))))
        .setResponseMarshaller(ProtoUtils.marshaller(DynamicMessage.getDefaultInstance(type(name + "Response"))))
        .build();
  }

  private DynamicMessage call(MethodDescriptor<DynamicMessage, DynamicMessage> method, CallOptions options, DynamicMessage request) {
    return ClientCalls.blockingUnaryCall(channel, method, options, request);
  }

  private DynamicMessage request(String json) {
    return parse("EchoRequest", json);
  }

  private DynamicMessage parse(String name, String json) {
    try {
      DynamicMessage.Builder builder = DynamicMessage.newBuilder(type(name));
      JsonFormat.parser().merge(json, builder);
      return builder.build();
    } catch (InvalidProtocolBufferException error) {
      throw new IllegalArgumentException(error);
    }
  }

  private static DynamicMessage echoed(DynamicMessage answer) {
    return (DynamicMessage) field(answer, "request");
  }

  private static Object field(DynamicMessage message, String name) {
    return message.getField(message.getDescriptorForType().findFieldByName(name));
  }

  private static StatusRuntimeException failure(Runnable call) {
    try {
      call.run();
    } catch (StatusRuntimeException error) {
      return error;
    }
    throw new AssertionError("the call did not fail");
  }

  private static <T extends Message> T detail(Throwable error, Class<T> kind) throws Exception {
    for (Any packed : StatusProto.fromThrowable(error).getDetailsList()) {
      if (packed.is(kind)) return packed.unpack(kind);
    }
    throw new AssertionError("no " + kind.getSimpleName());
  }

  private static int code(StatusRuntimeException error) {
    return error.getStatus().getCode().value();
  }

  private static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  private static String quoted(String text) {
    return new Gson().toJson(text);
  }

  private static void reportCode(String name, StatusRuntimeException error) {
    report(name, "{\"code\": %d}".formatted(code(error)));
  }

  private static void report(String name, String result) {
    OUT.println("{\"case\": %s, \"result\": %s}".formatted(quoted(name), result));
  }
}
