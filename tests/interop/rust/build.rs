//! Generates stubs from the contracts with protox, a protobuf compiler written in Rust, so that protoc is not needed.
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let files = protox::compile(["bellwether/echo/v1/echo_service.proto"], ["../../../proto"])?;
    tonic_prost_build::configure().build_server(false).compile_fds(files)?;
    Ok(())
}
