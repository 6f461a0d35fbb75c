//! Stubs from the contracts by protox, a compiler of protobuf in Rust: no protoc is needed.
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let files = protox::compile(["bellwether/echo/v1/echo_service.proto"], ["../../../proto"])?;
    tonic_prost_build::configure().build_server(false).compile_fds(files)?;
    Ok(())
}
