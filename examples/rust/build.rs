//! Generates the clients from the contract with protox, a protobuf compiler written in Rust, so that protoc is not needed.
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let services = ["inference/v1/inference", "ops/v1/alert", "schedule/v1/schedule"]
        .map(|name| format!("bellwether/{name}_service.proto"));
    let files = protox::compile(services, ["proto"])?;
    tonic_prost_build::configure()
        .build_server(false)
        .include_file("bellwether.rs")
        .compile_fds(files)?;
    println!("cargo:rerun-if-changed=proto");
    Ok(())
}
