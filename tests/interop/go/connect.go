package main

import (
	"context"
	"net/http"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

type dynamicClient = connect.Client[dynamicpb.Message, dynamicpb.Message]

func runConnect(address string) {
	background := context.Background()
	newClient := func(name string, options ...connect.ClientOption) *dynamicClient {
		initialize := func(spec connect.Spec, message any) error {
			if dynamic, ok := message.(*dynamicpb.Message); ok {
				schema := spec.Schema.(protoreflect.MethodDescriptor)
				*dynamic = *dynamicpb.NewMessage(schema.Output())
			}
			return nil
		}
		all := append([]connect.ClientOption{
			connect.WithSchema(method(name)), connect.WithResponseInitializer(initialize), connect.WithReadMaxBytes(16 << 20),
		}, options...)
		return connect.NewClient[dynamicpb.Message, dynamicpb.Message](http.DefaultClient, "http://"+address+"/"+service+"/"+name, all...)
	}
	echo, count := newClient("Echo"), newClient("Count")

	answer, err := echo.CallUnary(background, connect.NewRequest(parse("EchoRequest", asked)))
	check(err)
	report("unary", field(answer.Msg, "request"))

	numbers := []any{}
	counting, err := count.CallServerStream(background, connect.NewRequest(parse("CountRequest", `{"to": 3}`)))
	check(err)
	for counting.Receive() {
		numbers = append(numbers, field(counting.Msg(), "number"))
	}
	check(counting.Err())
	report("server_stream", numbers)

	_, err = echo.CallUnary(background, connect.NewRequest(parse("EchoRequest", failing)))
	reportDetails(uint32(connect.CodeOf(err)), err.(*connect.Error).Message(), connectDetails(err))
	_, err = echo.CallUnary(background, connect.NewRequest(parse("EchoRequest", `{}`)))
	reportFields(uint32(connect.CodeOf(err)), connectDetails(err))

	short, cancel := context.WithTimeout(background, 200*time.Millisecond)
	defer cancel()
	_, err = echo.CallUnary(short, connect.NewRequest(parse("EchoRequest", slow)))
	report("deadline", map[string]any{"code": uint32(connect.CodeOf(err))})

	canceled, stop := context.WithCancel(background)
	counting, err = count.CallServerStream(canceled, connect.NewRequest(parse("CountRequest", `{"to": 1000000}`)))
	check(err)
	counting.Receive()
	stop()
	for counting.Receive() {
	}
	report("cancel", map[string]any{"code": uint32(connect.CodeOf(counting.Err()))})

	request := connect.NewRequest(parse("EchoRequest", tagged))
	request.Header().Set("echo-request", "tag")
	answer, err = echo.CallUnary(background, request)
	check(err)
	report("metadata", map[string]any{
		"header": answer.Header().Get("echo-header"), "trailer": answer.Trailer().Get("echo-trailer"),
	})

	answer, err = newClient("Echo", connect.WithSendGzip()).CallUnary(background, connect.NewRequest(zipped()))
	check(err)
	reportZipped(answer.Msg)

	answer, err = echo.CallUnary(background, connect.NewRequest(bigRequest()))
	check(err)
	reportBig(answer.Msg)
}

func connectDetails(err error) []proto.Message {
	found := []proto.Message{}
	for _, detail := range err.(*connect.Error).Details() {
		if message, err := detail.Value(); err == nil {
			found = append(found, message)
		}
	}
	return found
}
