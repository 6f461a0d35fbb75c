//! Runs the cases with tonic. Argument: host:port. One line of JSON per case on standard output.
use std::{collections::HashMap, env, error::Error};

use base64::{Engine, prelude::BASE64_STANDARD};
use echo::{Behavior, ChatRequest, CountRequest, EchoRequest, echo_service_client::EchoServiceClient};
use serde_json::{Value, json};
use tonic::{Request, Status, codec::CompressionEncoding, transport::Channel};
use tonic_types::StatusExt;

mod echo {
    tonic::include_proto!("bellwether.echo.v1");
}

const MAX_BYTES: usize = 16 << 20;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1).ok_or("argument: host:port")?;
    let channel = Channel::from_shared(format!("http://{address}"))?.connect().await?;
    let mut client = EchoServiceClient::new(channel).max_decoding_message_size(MAX_BYTES);

    let asked = EchoRequest {
        id: "interop".into(),
        features: HashMap::from([("a".into(), 1.5), ("ü".into(), -2.25)]),
        text: "Lieferant é 😀".into(),
        payload: vec![0, 255],
        ..Default::default()
    };
    let answer = client
        .echo(asked)
        .await?
        .into_inner()
        .request
        .ok_or("no request in the answer")?;
    report(
        "unary",
        json!({
            "id": answer.id,
            "features": answer.features,
            "text": answer.text,
            "payload": BASE64_STANDARD.encode(&answer.payload),
        }),
    );

    let mut numbers = vec![];
    let mut stream = client
        .count(CountRequest {
            to: 3,
            ..Default::default()
        })
        .await?
        .into_inner();
    while let Some(message) = stream.message().await? {
        numbers.push(message.number);
    }
    report("server_stream", json!(numbers));

    let failing = Behavior {
        fail_code: 9,
        fail_text: "no détail 100%".into(),
        ..Default::default()
    };
    let status = failure(client.echo(behaving("x", failing)).await)?;
    let info = status.get_details_error_info().ok_or("no ErrorInfo")?;
    report(
        "error_details",
        json!({
            "code": status.code() as i32,
            "message": status.message(),
            "reason": info.reason,
            "domain": info.domain,
            "asked": info.metadata.get("asked"),
        }),
    );

    let status = failure(client.echo(EchoRequest::default()).await)?;
    let bad = status.get_details_bad_request().ok_or("no BadRequest")?;
    let fields: Vec<_> = bad.field_violations.iter().map(|violation| &violation.field).collect();
    report("validation", json!({ "code": status.code() as i32, "fields": fields }));

    let delay = prost_types::Duration { seconds: 30, nanos: 0 };
    // The request has no timeout: tonic would end it itself with CANCELLED. The deadline is the server's default.
    let slow = behaving(
        "x",
        Behavior {
            delay: Some(delay),
            ..Default::default()
        },
    );
    report(
        "deadline",
        json!({ "code": failure(client.echo(slow).await)?.code() as i32 }),
    );

    let mut tagged = Request::new(behaving("m", Behavior::default()));
    tagged.metadata_mut().insert("echo-request", "tag".parse()?);
    // tonic returns the header and the trailer of a unary call as one map.
    let answer = client.echo(tagged).await?;
    let value = |name| answer.metadata().get(name).and_then(|value| value.to_str().ok());
    report(
        "metadata",
        json!({ "header": value("echo-header"), "trailer": value("echo-trailer") }),
    );

    let mut zipping = client.clone().send_compressed(CompressionEncoding::Gzip);
    let request = EchoRequest {
        id: "zipped".into(),
        text: "z".repeat(100_000),
        ..Default::default()
    };
    let answer = zipping.echo(request).await?.into_inner().request.unwrap_or_default();
    report("gzip", json!({ "id": answer.id, "size": answer.text.len() }));

    let request = EchoRequest {
        id: "big".into(),
        payload: vec![7; 3 << 20],
        ..Default::default()
    };
    let payload = client
        .echo(request)
        .await?
        .into_inner()
        .request
        .unwrap_or_default()
        .payload;
    let sum: u64 = payload.iter().map(|byte| u64::from(*byte)).sum();
    report("big", json!({ "size": payload.len(), "sum": sum }));

    let texts = ["a", "b"].map(|text| ChatRequest {
        text: text.into(),
        ..Default::default()
    });
    let mut stream = client.chat(tokio_stream::iter(texts)).await?.into_inner();
    let mut seen = vec![];
    while let Some(message) = stream.message().await? {
        seen.push(message.text);
    }
    report("bidi", json!(seen));
    Ok(())
}

fn behaving(id: &str, behavior: Behavior) -> EchoRequest {
    EchoRequest {
        id: id.into(),
        behavior: Some(behavior),
        ..Default::default()
    }
}

fn failure<T>(outcome: Result<T, Status>) -> Result<Status, &'static str> {
    outcome.err().ok_or("the call did not fail")
}

fn report(case: &str, result: Value) {
    println!("{}", json!({ "case": case, "result": result }));
}
