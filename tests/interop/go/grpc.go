package main

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"
)

func runGrpc(address string) {
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	check(err)
	defer connection.Close()
	background := context.Background()
	call := func(ctx context.Context, request *dynamicpb.Message, options ...grpc.CallOption) (*dynamicpb.Message, error) {
		answer := newMessage("EchoResponse")
		return answer, connection.Invoke(ctx, "/"+service+"/Echo", request, answer, options...)
	}
	stream := func(ctx context.Context, name string) grpc.ClientStream {
		description := &grpc.StreamDesc{ServerStreams: true, ClientStreams: name == "Chat"}
		opened, err := connection.NewStream(ctx, description, "/"+service+"/"+name)
		check(err)
		return opened
	}

	answer, err := call(background, parse("EchoRequest", asked))
	check(err)
	report("unary", field(answer, "request"))

	numbers := []any{}
	counting := stream(background, "Count")
	check(counting.SendMsg(parse("CountRequest", `{"to": 3}`)))
	check(counting.CloseSend())
	for next := newMessage("CountResponse"); counting.RecvMsg(next) == nil; next = newMessage("CountResponse") {
		numbers = append(numbers, field(next, "number"))
	}
	report("server_stream", numbers)

	_, err = call(background, parse("EchoRequest", failing))
	reportDetails(uint32(status.Code(err)), status.Convert(err).Message(), messages(err))
	_, err = call(background, parse("EchoRequest", `{}`))
	reportFields(uint32(status.Code(err)), messages(err))

	short, cancel := context.WithTimeout(background, 200*time.Millisecond)
	defer cancel()
	_, err = call(short, parse("EchoRequest", slow))
	report("deadline", map[string]any{"code": uint32(status.Code(err))})

	canceled, stop := context.WithCancel(background)
	counting = stream(canceled, "Count")
	check(counting.SendMsg(parse("CountRequest", `{"to": 1000000}`)))
	check(counting.CloseSend())
	check(counting.RecvMsg(newMessage("CountResponse")))
	stop()
	for err = nil; err == nil; err = counting.RecvMsg(newMessage("CountResponse")) {
	}
	report("cancel", map[string]any{"code": uint32(status.Code(err))})

	var header, trailer metadata.MD
	sent := metadata.AppendToOutgoingContext(background, "echo-request", "tag")
	_, err = call(sent, parse("EchoRequest", tagged), grpc.Header(&header), grpc.Trailer(&trailer))
	check(err)
	report("metadata", map[string]any{"header": header.Get("echo-header")[0], "trailer": trailer.Get("echo-trailer")[0]})

	answer, err = call(background, zipped(), grpc.UseCompressor(gzip.Name))
	check(err)
	reportZipped(answer)

	answer, err = call(background, bigRequest())
	check(err)
	reportBig(answer)

	chatting := stream(background, "Chat")
	texts := []any{}
	for _, text := range []string{"a", "b"} {
		check(chatting.SendMsg(parse("ChatRequest", `{"text": "`+text+`"}`)))
		next := newMessage("ChatResponse")
		check(chatting.RecvMsg(next))
		texts = append(texts, field(next, "text"))
	}
	check(chatting.CloseSend())
	report("bidi", texts)
}

func messages(err error) []proto.Message {
	found := []proto.Message{}
	for _, detail := range status.Convert(err).Details() {
		if message, ok := detail.(proto.Message); ok {
			found = append(found, message)
		}
	}
	return found
}
