//! Scores two suppliers, explains one, reads the first changes of alerts, and runs the present week.
//!
//! ML_GRPC, OPS_GRPC and SCHEDULER_GRPC name other gRPC listeners than those of `npm start`, BELLWETHER_TOKEN a token or
//! an API key.
use std::{env, error::Error, time::Duration};

use bellwether::{
    inference::v1::{
        Band, ExplainRequest, NumberColumn, PredictBatchRequest, PredictRequest, Supplier, explain_response::Part,
        inference_service_client::InferenceServiceClient,
    },
    ops::v1::{RunState, WatchAlertsRequest, alert_service_client::AlertServiceClient},
    schedule::v1::{
        TriggerRunRequest, WatchProgressRequest, WatchProgressResponse, schedule_service_client::ScheduleServiceClient,
    },
};
use tonic::{
    Code, Request, Status,
    metadata::MetadataValue,
    service::interceptor::InterceptedService,
    transport::{Channel, Endpoint},
};
use tonic_types::StatusExt;

// The program uses a part of the contract only.
#[allow(dead_code)]
mod contract {
    tonic::include_proto!("bellwether");
}
use contract::bellwether;

const NAMES: [&str; 8] = [
    "past_disputes",
    "late_ratio",
    "avg_delay",
    "delivery_score",
    "avg_payment_delay_days",
    "financial_stability_index",
    "dispute_rate",
    "clause_risk_score",
];
const ACME: [f32; 8] = [7.0, 0.45, 38.0, 71.0, 51.0, 0.42, 0.2, 55.0];
const BETA: [f32; 8] = [0.0, 0.02, 1.0, 96.0, 5.0, 0.9, 0.0, 10.0];
/// Deadline of the calls that end; watches have none.
const DEADLINE: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        // An error of a service has details: a stable reason, invalid fields, a delay for a retry.
        if let Some(status) = error.downcast_ref::<Status>() {
            eprintln!("{:?}", status.get_error_details());
        }
        eprintln!("{error}");
        std::process::exit(1);
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let mut inference = InferenceServiceClient::new(connect("ML_GRPC", "localhost:9081").await?);
    let mut alerts = AlertServiceClient::new(connect("OPS_GRPC", "localhost:9080").await?);
    let mut schedules = ScheduleServiceClient::new(connect("SCHEDULER_GRPC", "localhost:9082").await?);

    let supplier = Supplier {
        supplier_id: "ACME".into(),
        features: NAMES.iter().zip(ACME).map(|(name, value)| (name.to_string(), value.into())).collect(),
        ..Default::default()
    };
    let predict = PredictRequest { supplier: Some(supplier.clone()), ..Default::default() };
    let score = inference.predict(within(predict)).await?.into_inner().score.unwrap_or_default();
    println!("score: ACME {:.3} {}", score.risk_score(), score.band().as_str_name());

    let batch = PredictBatchRequest {
        supplier_ids: vec!["ACME".into(), "BETA".into()],
        numbers: (0..NAMES.len())
            .map(|i| NumberColumn { name: NAMES[i].into(), values: vec![ACME[i], BETA[i]] })
            .collect(),
        ..Default::default()
    };
    let ids = batch.supplier_ids.clone();
    let scored = inference.predict_batch(within(batch)).await?.into_inner();
    let scores = scored.risk_scores.chunks_exact(8).map(|bytes| f64::from_le_bytes(bytes.try_into().expect("8 bytes")));
    let rows: Vec<_> = ids
        .iter()
        .zip(scores)
        .zip(&scored.bands)
        .map(|((id, score), band)| {
            let band = Band::try_from(i32::from(*band)).unwrap_or_default();
            format!("{id} {score:.3} {}", band.as_str_name())
        })
        .collect();
    println!("batch: {}", rows.join(", "));

    let explain = ExplainRequest { supplier: Some(supplier), ..Default::default() };
    let mut parts = inference.explain(within(explain)).await?.into_inner();
    while let Some(message) = parts.message().await? {
        if let Some(Part::Contributions(list)) = message.part {
            let largest: Vec<_> = list
                .contributions
                .iter()
                .take(3)
                .map(|entry| format!("{} {:+.2}", entry.feature, entry.contribution))
                .collect();
            println!("explain: {}", largest.join(", "));
        }
    }

    // after_sequence 0: from the first change of an alert. Without it, a watch begins now.
    let watch = WatchAlertsRequest { after_sequence: Some(0), ..Default::default() };
    let mut changes = alerts.watch_alerts(watch).await?.into_inner();
    while let Some(message) = changes.message().await? {
        if !message.alerts.is_empty() {
            println!("alerts: {} changed, up to sequence {}", message.alerts.len(), message.sequence);
            break;
        }
    }
    drop(changes);

    let trigger = TriggerRunRequest { schedule_id: "weekly".into(), ..Default::default() };
    let job_id = schedules.trigger_run(within(trigger)).await?.into_inner().job_id;
    let mut progress = WatchProgressResponse { state: RunState::Running.into(), ..Default::default() };
    while progress.state() == RunState::Running {
        let mut watch = schedules.watch_progress(WatchProgressRequest { job_id: job_id.clone() }).await?.into_inner();
        loop {
            match watch.message().await {
                // A message without a state only keeps the connection open.
                Ok(Some(message)) if message.state() != RunState::Unspecified => progress = message,
                Ok(Some(_)) => {}
                Ok(None) => break,
                // The server ends each connection after half an hour: open the watch again.
                Err(status) if status.code() == Code::Unavailable => break,
                Err(status) => return Err(status.into()),
            }
        }
    }
    let state = progress.state().as_str_name();
    println!("run: {} {state}, {} rows, run {}", progress.iso_week, progress.rows_scored, progress.run_id);
    Ok(())
}

fn within<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(DEADLINE);
    request
}

type Authorize = Box<dyn FnMut(Request<()>) -> Result<Request<()>, Status> + Send>;

/// Connects to a listener; each call has the token.
async fn connect(
    variable: &str,
    standard: &str,
) -> Result<InterceptedService<Channel, Authorize>, Box<dyn Error>> {
    let address = env::var(variable).unwrap_or_else(|_| standard.into());
    let channel = Endpoint::from_shared(format!("http://{address}"))?.connect().await?;
    let token = match env::var("BELLWETHER_TOKEN") {
        Ok(token) => Some(MetadataValue::try_from(format!("Bearer {token}"))?),
        Err(_) => None,
    };
    let authorize: Authorize = Box::new(move |mut request: Request<()>| {
        if let Some(token) = &token {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    });
    Ok(InterceptedService::new(channel, authorize))
}
