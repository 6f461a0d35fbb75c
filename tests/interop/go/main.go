// Runs the cases with grpc-go and connect-go. Arguments: grpc | connect, address, file with a FileDescriptorSet.
// One line of JSON per case on standard output.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

const service = "bellwether.echo.v1.EchoService"

var files *protoregistry.Files

func main() {
	kind, address, descriptors := os.Args[1], os.Args[2], os.Args[3]
	bytes, err := os.ReadFile(descriptors)
	check(err)
	set := &descriptorpb.FileDescriptorSet{}
	check(proto.Unmarshal(bytes, set))
	files, err = protodesc.NewFiles(set)
	check(err)
	if kind == "grpc" {
		runGrpc(address)
	} else {
		runConnect(address)
	}
}

func method(name string) protoreflect.MethodDescriptor {
	found, err := files.FindDescriptorByName(protoreflect.FullName(service + "." + name))
	check(err)
	return found.(protoreflect.MethodDescriptor)
}

func newMessage(name string) *dynamicpb.Message {
	found, err := files.FindDescriptorByName(protoreflect.FullName("bellwether.echo.v1." + name))
	check(err)
	return dynamicpb.NewMessage(found.(protoreflect.MessageDescriptor))
}

func parse(name, text string) *dynamicpb.Message {
	message := newMessage(name)
	check(protojson.Unmarshal([]byte(text), message))
	return message
}

// field returns a field as Go decodes it from JSON.
func field(message *dynamicpb.Message, path ...string) any {
	text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(message)
	check(err)
	var value any
	check(json.Unmarshal(text, &value))
	for _, name := range path {
		value = value.(map[string]any)[name]
	}
	return value
}

func report(name string, result any) {
	line, err := json.Marshal(map[string]any{"case": name, "result": result})
	check(err)
	fmt.Println(string(line))
}

func reportDetails(code uint32, message string, details []proto.Message) {
	for _, detail := range details {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			report("error_details", map[string]any{
				"code": code, "message": message, "reason": info.Reason, "domain": info.Domain, "asked": info.Metadata["asked"],
			})
		}
	}
}

func reportFields(code uint32, details []proto.Message) {
	for _, detail := range details {
		if bad, ok := detail.(*errdetails.BadRequest); ok {
			fields := []string{}
			for _, violation := range bad.FieldViolations {
				fields = append(fields, violation.Field)
			}
			report("validation", map[string]any{"code": code, "fields": fields})
		}
	}
}

func bigRequest() *dynamicpb.Message {
	message := parse("EchoRequest", `{"id": "big"}`)
	payload := message.Descriptor().Fields().ByName("payload")
	message.Set(payload, protoreflect.ValueOfBytes([]byte(strings.Repeat("\x07", 3<<20))))
	return message
}

func reportBig(answer *dynamicpb.Message) {
	request := answer.Get(answer.Descriptor().Fields().ByName("request")).Message()
	payload := request.Get(request.Descriptor().Fields().ByName("payload")).Bytes()
	sum := 0
	for _, b := range payload {
		sum += int(b)
	}
	report("big", map[string]any{"size": len(payload), "sum": sum})
}

const (
	asked   = `{"id": "interop", "features": {"a": 1.5, "ü": -2.25}, "text": "Lieferant é 😀", "payload": "AP8="}`
	failing = `{"id": "x", "behavior": {"fail_code": 9, "fail_text": "no détail 100%"}}`
	slow    = `{"id": "x", "behavior": {"delay": "30s"}}`
	tagged  = `{"id": "m", "behavior": {}}`
)

func zipped() *dynamicpb.Message {
	return parse("EchoRequest", `{"id": "zipped", "text": "`+strings.Repeat("z", 100000)+`"}`)
}

func reportZipped(answer *dynamicpb.Message) {
	report("gzip", map[string]any{
		"id": field(answer, "request", "id"), "size": len(field(answer, "request", "text").(string)),
	})
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
