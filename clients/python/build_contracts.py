"""Generates the messages, the Connect clients and the limits from the contracts, when the wheel is built.

The contracts are those of the checkout (../../proto), or the copy in the source distribution (proto). Nothing that is
generated is committed, so a new field or RPC needs no change here.
"""

import shutil
import sysconfig
from pathlib import Path

import grpc_tools
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_tools import protoc
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# A service that only tests and benchmarks serve.
TESTS_ONLY = "bellwether/echo/"
# Options of protovalidate, which servers need. Without them, the generated code needs no package for them, and cannot
# collide with another copy of buf/validate/validate.proto in the program.
VALIDATION = "buf/"


class ContractHook(BuildHookInterface):
    def initialize(self, version, build_data):
        root = Path(self.root)
        folders = [root / "proto", root.parent.parent / "proto"]
        contracts = next((folder for folder in folders if (folder / "bellwether").is_dir()), None)
        if contracts is None:
            raise FileNotFoundError(f"no contracts in {' or '.join(map(str, folders))}: build from a whole checkout")
        target = root / "build" / "contracts"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        generate(contracts, target)
        build_data["force_include"].update(
            {str(file): str(file.relative_to(target)) for file in target.rglob("*") if file.suffix in (".py", ".pyi")}
        )


def generate(contracts: Path, target: Path) -> None:
    names = [str(path.relative_to(contracts).as_posix()) for path in sorted(contracts.glob("bellwether/**/*.proto"))]
    whole, plain = target / "whole.binpb", target / "plain.binpb"
    includes = [f"-I{contracts}", f"-I{Path(grpc_tools.__file__).parent / '_proto'}"]
    run("--include_imports", "--include_source_info", f"--descriptor_set_out={whole}", *includes, *names)
    files = descriptor_pb2.FileDescriptorSet.FromString(whole.read_bytes())
    write_limits(files, target / "bellwether" / "_limits.py")
    plain.write_bytes(without_options(files).SerializeToString())

    plugin = shutil.which("protoc-gen-connectrpc", path=sysconfig.get_path("scripts")) or shutil.which(
        "protoc-gen-connectrpc"
    )
    if plugin is None:
        raise FileNotFoundError("protoc-gen-connectrpc is not installed in the build environment")
    outputs = [f"--python_out={target}", f"--pyi_out={target}", f"--connectrpc_out={target}"]
    options = [f"--plugin=protoc-gen-connectrpc={plugin}", "--connectrpc_opt=protobuf=google"]
    clients = [name for name in names if not name.startswith(TESTS_ONLY)]
    run(f"--descriptor_set_in={plain}", *outputs, *options, *clients)
    for folder in {path.parent for path in target.rglob("*_pb2.py")}:
        for package in (folder, folder.parent):
            (package / "__init__.py").touch()


def run(*args: str) -> None:
    if protoc.main(["protoc", *args]) != 0:
        raise RuntimeError("protoc could not compile the contracts; its output has the reason")


def without_options(files: descriptor_pb2.FileDescriptorSet) -> descriptor_pb2.FileDescriptorSet:
    """Returns the files without custom options, and without the import of those of protovalidate."""
    plain = descriptor_pb2.FileDescriptorSet()
    plain.CopyFrom(files)
    # protoc's extensions are unknown fields here.
    plain.DiscardUnknownFields()
    for file in plain.file:
        kept = [name for name in file.dependency if not name.startswith(VALIDATION)]
        del file.dependency[:]
        file.dependency.extend(kept)
    return plain


def write_limits(files: descriptor_pb2.FileDescriptorSet, path: Path) -> None:
    """Writes the limits of PredictBatch that a client checks before it sends, as the contracts declare them."""
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)

    def options(descriptor, kind: str, extension: str):
        options_class = message_factory.GetMessageClass(pool.FindMessageTypeByName(f"google.protobuf.{kind}"))
        found = pool.FindExtensionByName(extension)
        return options_class.FromString(descriptor.GetOptions().SerializeToString()).Extensions[found]

    def rules(message: str, field: str):
        descriptor = pool.FindMessageTypeByName(f"bellwether.inference.v1.{message}").fields_by_name[field]
        return options(descriptor, "FieldOptions", "buf.validate.field")

    service = pool.FindServiceByName("bellwether.inference.v1.InferenceService")
    call = options(service.methods_by_name["PredictBatch"], "MethodOptions", "bellwether.policy.v1.limits")
    limits = {
        "MAX_BATCH_ROWS": rules("PredictBatchRequest", "supplier_ids").repeated.max_items,
        "MAX_SUPPLIER_ID_BYTES": rules("Supplier", "supplier_id").string.max_bytes,
        "MAX_CATEGORIES": rules("CategoryColumn", "dictionary").repeated.max_items,
        "MAX_CATEGORY_BYTES": rules("CategoryColumn", "dictionary").repeated.items.string.max_bytes,
        "MAX_CONTRACT_TEXT_BYTES": rules("Supplier", "contract_text").string.max_bytes,
        "MAX_REQUEST_BYTES": call.max_request_bytes,
    }
    if not all(limits.values()):
        raise ValueError(f"the contracts declare no limit for {[name for name, value in limits.items() if not value]}")
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ['"""Limits that the contracts declare. Generated when the wheel is built."""\n\n']
    path.write_text("".join([*lines, *(f"{name} = {value}\n" for name, value in limits.items())]))
